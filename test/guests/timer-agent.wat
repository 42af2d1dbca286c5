;; On a request, sets a timer of 20 ms; when it comes due, informs who asked of {"timer": its id}.
;; A cancel takes the timer back. It remembers one request, the last.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "set_timer" (func $set_timer (param i64) (result i32)))
  (import "caxton" "cancel_timer" (func $cancel_timer (param i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) ",\"in_reply_to\":\00")
  (data (i32.const 32) ",\"conversation_id\":\00")
  (data (i32.const 64) ",\"content\":{\"timer\":\00")
  (data (i32.const 96) "}}\00")
  (data (i32.const 112) "\"reply_with\"\00")
  (data (i32.const 144) "\"conversation_id\"\00")
  (data (i32.const 176) "\"cancel\"\00")

  ;; The answer up to the timer's id lies at 4096, from when the request comes.
  (global $remembered_end (mut i32) (i32.const 4096))
  (global $timer (mut i32) (i32.const -1))

  ;; Copies a field of the request, if it is there, behind its name in the answer.
  (func $remember (param $message i32) (param $field i32) (param $name i32)
    (local $value i32)
    (local.set $value (call $field (local.get $message) (local.get $field)))
    (if (local.get $value)
      (then
        (call $text (local.get $name))
        (call $put (local.get $value) (global.get $field_end)))))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $act i32)
    (if (i32.eqz (call $read (local.get $ptr)))
      (then
        (local.set $act (call $field (local.get $ptr) (i32.const 1024)))
        (if (call $same (local.get $act) (global.get $field_end) (i32.const 176))
          (then (return (call $cancel_timer (global.get $timer)))))
        (return (i32.const 0))))
    (global.set $at (i32.const 4096))
    (call $text (i32.const 1152))
    (call $put (global.get $sender) (global.get $sender_end))
    (call $remember (local.get $ptr) (i32.const 112) (i32.const 0))
    (call $remember (local.get $ptr) (i32.const 144) (i32.const 32))
    (call $text (i32.const 64))
    (global.set $remembered_end (global.get $at))
    (global.set $timer (call $set_timer (i64.const 20000)))
    (select
      (global.get $timer)
      (i32.const 0)
      (i32.lt_s (global.get $timer) (i32.const 0))))

  (func (export "handle_timer") (param $id i32) (result i32)
    (global.set $at (global.get $out))
    (call $put (i32.const 4096) (global.get $remembered_end))
    (call $integer (local.get $id))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
