;; Never returns, and keeps setting counters of its own, one of them exported as "fuel", to the
;; largest number, in case the host took one of them for its own.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (global $fuel (export "fuel") (mut i64) (i64.const 0x7fffffffffffffff))
  (global $budget (mut i64) (i64.const 0x7fffffffffffffff))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (loop $again
      (global.set $fuel (i64.const 0x7fffffffffffffff))
      (global.set $budget (i64.const 0x7fffffffffffffff))
      (br $again))
    (i32.const 0)))
