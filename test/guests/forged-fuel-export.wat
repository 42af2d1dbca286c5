;; No valid agent: exports a global under the name of the host's fuel counter.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (global $fuel (export "caxton:fuel") (mut i64) (i64.const 0x7fffffffffffffff))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (i32.const 0)))
