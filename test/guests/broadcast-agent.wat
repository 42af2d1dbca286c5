;; Broadcasts, as an inform, the "message" of its content to those whom the content's "filter" names,
;; and answers {"receivers": what the host said}.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "broadcast_message" (func $broadcast_message (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "\"filter\"\00")
  (data (i32.const 16) "\"message\"\00")
  (data (i32.const 32) "{\"performative\":\"inform\",\"content\":\00")
  (data (i32.const 96) "{\"receivers\":\00")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $filter i32) (local $filter_end i32) (local $message i32) (local $result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (local.set $filter (call $field (global.get $content) (i32.const 0)))
    (local.set $filter_end (global.get $field_end))
    (global.set $at (global.get $out))
    (call $text (i32.const 32))
    (local.set $message (call $field (global.get $content) (i32.const 16)))
    (call $put (local.get $message) (global.get $field_end))
    (call $put_byte (i32.const 0x7d))
    (local.set $result
      (call $broadcast_message
        (local.get $filter)
        (i32.sub (local.get $filter_end) (local.get $filter))
        (global.get $out)
        (i32.sub (global.get $at) (global.get $out))))
    (call $begin_reply)
    (call $text (i32.const 96))
    (call $integer (local.get $result))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
