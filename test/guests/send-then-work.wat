;; Answers with the content, and burns about 5,000,000 units of fuel before it returns.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $rounds i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (if (call $echo) (then (return (i32.const 1))))
    (local.set $rounds (i32.const 1000000))
    (loop $again
      (br_if $again
        (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (i32.const 0)))
