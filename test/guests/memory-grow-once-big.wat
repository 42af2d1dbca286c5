;; Asks for nearly 4 GiB at once and answers {"result": what memory.grow gave}.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "{\"result\":\00")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (local.set $result (memory.grow (i32.const 65000)))
    (call $begin_reply)
    (call $text (i32.const 0))
    (call $integer (local.get $result))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
