;; Gives the host's data calls to whoever asks. Answers, with the host's result in bytes or negative:
;;   {"action": "put", "key", "value"}   {"result"}
;;   {"action": "get", "key"}            {"size", "value"}, or {"size"} alone when there is none
;;   {"action": "delete", "key"}         {"result"}
;; The value is any JSON. It is loaded with no room first and then with just enough.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "store_data" (func $store_data (param i32 i32 i32 i32) (result i32)))
  (import "caxton" "load_data" (func $load_data (param i32 i32 i32 i32) (result i32)))
  (import "caxton" "delete_data" (func $delete_data (param i32 i32) (result i32)))
  (memory (export "memory") 20)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "\"action\"\00")
  (data (i32.const 16) "\"key\"\00")
  (data (i32.const 32) "\"value\"\00")
  (data (i32.const 64) "\"get\"\00")
  (data (i32.const 80) "\"delete\"\00")
  (data (i32.const 96) "{\"result\":\00")
  (data (i32.const 112) "{\"size\":\00")
  (data (i32.const 128) ",\"value\":\00")

  (func $result (param $result i32) (result i32)
    (call $begin_reply)
    (call $text (i32.const 96))
    (call $integer (local.get $result))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply))

  (func $get (param $key i32) (param $key_len i32) (result i32)
    (local $size i32)
    (local.set $size
      (call $load_data (local.get $key) (local.get $key_len) (i32.const 0) (i32.const 0)))
    (call $begin_reply)
    (call $text (i32.const 112))
    (call $integer (local.get $size))
    (if (i32.ge_s (local.get $size) (i32.const 0))
      (then
        (call $text (i32.const 128))
        (drop
          (call $load_data
            (local.get $key)
            (local.get $key_len)
            (global.get $at)
            (local.get $size)))
        (global.set $at (i32.add (global.get $at) (local.get $size)))))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $key i32) (local $key_len i32) (local $action i32) (local $action_end i32)
    (local $value i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (local.set $key
      (i32.add (call $field (global.get $content) (i32.const 16)) (i32.const 1)))
    (local.set $key_len
      (i32.sub (i32.sub (global.get $field_end) (local.get $key)) (i32.const 1)))
    (local.set $action (call $field (global.get $content) (i32.const 0)))
    (local.set $action_end (global.get $field_end))
    (if (call $same (local.get $action) (local.get $action_end) (i32.const 64))
      (then (return (call $get (local.get $key) (local.get $key_len)))))
    (if (call $same (local.get $action) (local.get $action_end) (i32.const 80))
      (then
        (return (call $result (call $delete_data (local.get $key) (local.get $key_len))))))
    (local.set $value (call $field (global.get $content) (i32.const 32)))
    (call $result
      (call $store_data
        (local.get $key)
        (local.get $key_len)
        (local.get $value)
        (i32.sub (global.get $field_end) (local.get $value))))))
