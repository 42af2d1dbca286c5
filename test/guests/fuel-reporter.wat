;; Answers {"fuel": what is left of the message's budget}.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "fuel_remaining" (func $fuel_remaining (result i64)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "{\"fuel\":\00")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (call $begin_reply)
    (call $text (i32.const 0))
    (call $number (call $fuel_remaining))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
