;; Subscribes to conversations until that is refused, then answers {"accepted", "result"}: how many it
;; got and what the refusal said.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "subscribe_messages" (func $subscribe_messages (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "{\"accepted\":\00")
  (data (i32.const 32) ",\"result\":\00")
  (data (i32.const 64) "{\"conversation_id\":\"c\00")
  (data (i32.const 128) "\"}\00")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $accepted i32) (local $result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (block $refused
      (loop $again
        (global.set $at (global.get $out))
        (call $text (i32.const 64))
        (call $integer (local.get $accepted))
        (call $text (i32.const 128))
        (local.set $result
          (call $subscribe_messages
            (global.get $out)
            (i32.sub (global.get $at) (global.get $out))))
        (br_if $refused (i32.lt_s (local.get $result) (i32.const 0)))
        (local.set $accepted (i32.add (local.get $accepted) (i32.const 1)))
        (br $again)))
    (call $begin_reply)
    (call $text (i32.const 0))
    (call $integer (local.get $accepted))
    (call $text (i32.const 32))
    (call $integer (local.get $result))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
