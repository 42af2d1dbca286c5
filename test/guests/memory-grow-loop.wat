;; Grows its memory page by page until that is refused, then answers {"pages": how many it has}.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "{\"pages\":\00")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (call $begin_reply)
    (call $text (i32.const 0))
    (call $integer (memory.size))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
