;; Subscribes to messages when it starts: to the filter in the config entry "filter", or else to every
;; inform. It counts what is no request and answers requests {"result", "copies"}: what the host said
;; to the subscription and how many came.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "subscribe_messages" (func $subscribe_messages (param i32 i32) (result i32)))
  (import "caxton" "get_config" (func $get_config (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "{\"performatives\":[\"inform\"]}\00")
  (data (i32.const 64) "filter\00")
  (data (i32.const 80) "{\"result\":\00")
  (data (i32.const 96) ",\"copies\":\00")

  (global $result (mut i32) (i32.const 0))
  (global $copies (mut i32) (i32.const 0))

  (func (export "agent_init") (result i32)
    (local $size i32)
    (local.set $size
      (call $get_config (i32.const 64) (i32.const 6) (i32.const 4096) (i32.const 4096)))
    (if (i32.gt_s (local.get $size) (i32.const 0))
      (then
        (global.set $result
          (call $subscribe_messages (i32.const 4096) (local.get $size))))
      (else
        (global.set $result (call $subscribe_messages (i32.const 0) (i32.const 28)))))
    (i32.const 0))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (if (i32.eqz (call $read (local.get $ptr)))
      (then
        (global.set $copies (i32.add (global.get $copies) (i32.const 1)))
        (return (i32.const 0))))
    (call $begin_reply)
    (call $text (i32.const 80))
    (call $integer (global.get $result))
    (call $text (i32.const 96))
    (call $integer (global.get $copies))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
