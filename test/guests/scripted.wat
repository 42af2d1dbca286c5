;; Does what the content of a message says, an object with any of
;;   "a", "b", "c"   messages to send, whole
;;   "f", "m"        a filter, and the message to broadcast to those that it names
;;   "k", "v"        a key and the value to store under it
;;   "t"             a timer to set, of so many milliseconds: a digit
;;   "e"             how it ends: 1 returns a number other than 0, 2 traps, 3 loops until it has no fuel
;; What the host refuses makes it return 9. A timer does nothing.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "broadcast_message"
    (func $broadcast_message (param i32 i32 i32 i32) (result i32)))
  (import "caxton" "store_data" (func $store_data (param i32 i32 i32 i32) (result i32)))
  (import "caxton" "set_timer" (func $set_timer (param i64) (result i32)))
  (memory (export "memory") 3)
  ;;include alloc.wat
  ;;include json.wat

  (data (i32.const 0) "\"content\"\00")
  (data (i32.const 16) "\"a\"\00")
  (data (i32.const 20) "\"b\"\00")
  (data (i32.const 24) "\"c\"\00")
  (data (i32.const 28) "\"f\"\00")
  (data (i32.const 32) "\"m\"\00")
  (data (i32.const 36) "\"k\"\00")
  (data (i32.const 40) "\"v\"\00")
  (data (i32.const 44) "\"t\"\00")
  (data (i32.const 48) "\"e\"\00")

  (global $refused (mut i32) (i32.const 0))

  (func $note (param $result i32)
    (if (i32.lt_s (local.get $result) (i32.const 0)) (then (global.set $refused (i32.const 1)))))

  (func $send (param $content i32) (param $name i32)
    (local $message i32)
    (local.set $message (call $field (local.get $content) (local.get $name)))
    (if (local.get $message)
      (then
        (call $note
          (call $send_message
            (local.get $message)
            (i32.sub (global.get $field_end) (local.get $message)))))))

  (func $broadcast (param $content i32)
    (local $filter i32) (local $filter_end i32) (local $message i32)
    (local.set $filter (call $field (local.get $content) (i32.const 28)))
    (local.set $filter_end (global.get $field_end))
    (if (i32.eqz (local.get $filter)) (then (return)))
    (local.set $message (call $field (local.get $content) (i32.const 32)))
    (call $note
      (call $broadcast_message
        (local.get $filter)
        (i32.sub (local.get $filter_end) (local.get $filter))
        (local.get $message)
        (i32.sub (global.get $field_end) (local.get $message)))))

  (func $store (param $content i32)
    (local $key i32) (local $key_end i32) (local $value i32)
    (local.set $key (call $field (local.get $content) (i32.const 36)))
    (local.set $key_end (global.get $field_end))
    (if (i32.eqz (local.get $key)) (then (return)))
    (local.set $value (call $field (local.get $content) (i32.const 40)))
    (call $note
      (call $store_data
        (local.get $key)
        (i32.sub (local.get $key_end) (local.get $key))
        (local.get $value)
        (i32.sub (global.get $field_end) (local.get $value)))))

  (func $digit (param $content i32) (param $name i32) (result i32)
    (local $at i32)
    (local.set $at (call $field (local.get $content) (local.get $name)))
    (if (i32.eqz (local.get $at)) (then (return (i32.const 0))))
    (i32.sub (call $byte (local.get $at)) (i32.const 0x30)))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $content i32) (local $number i32)
    (global.set $refused (i32.const 0))
    (local.set $content (call $field (local.get $ptr) (i32.const 0)))
    (if (i32.eqz (local.get $content)) (then (return (i32.const 0))))
    (call $send (local.get $content) (i32.const 16))
    (call $store (local.get $content))
    (call $send (local.get $content) (i32.const 20))
    (call $broadcast (local.get $content))
    (local.set $number (call $digit (local.get $content) (i32.const 44)))
    (if (local.get $number)
      (then
        (call $note
          (call $set_timer
            (i64.mul (i64.extend_i32_u (local.get $number)) (i64.const 1000))))))
    (call $send (local.get $content) (i32.const 24))
    (local.set $number (call $digit (local.get $content) (i32.const 48)))
    (if (i32.eq (local.get $number) (i32.const 2)) (then unreachable))
    (if (i32.eq (local.get $number) (i32.const 3)) (then (loop $ever (br $ever))))
    (if (i32.eq (local.get $number) (i32.const 1)) (then (return (i32.const 1))))
    (if (global.get $refused) (then (return (i32.const 9))))
    (i32.const 0))

  (func (export "handle_timer") (param $id i32) (result i32) (i32.const 0)))
