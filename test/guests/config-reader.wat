;; Answers {"key": "NAME"} with {"size", "value"}: the config entry of that name and its size in
;; bytes, or with the negative result alone. The value is asked for with no room first.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "get_config" (func $get_config (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "\"key\"\00")
  (data (i32.const 16) "{\"size\":\00")
  (data (i32.const 32) ",\"value\":\"\00")

  ;; Copies text into a JSON string. Config of tests has no control characters.
  (func $escaped (param $start i32) (param $end i32)
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $start) (local.get $end)))
        (if
          (i32.or
            (i32.eq (call $byte (local.get $start)) (i32.const 0x22))
            (i32.eq (call $byte (local.get $start)) (i32.const 0x5c)))
          (then (call $put_byte (i32.const 0x5c))))
        (call $put_byte (call $byte (local.get $start)))
        (local.set $start (i32.add (local.get $start) (i32.const 1)))
        (br $next))))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $key i32) (local $key_len i32) (local $size i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (local.set $key
      (i32.add (call $field (global.get $content) (i32.const 0)) (i32.const 1)))
    (local.set $key_len
      (i32.sub (i32.sub (global.get $field_end) (local.get $key)) (i32.const 1)))
    (local.set $size
      (call $get_config (local.get $key) (local.get $key_len) (i32.const 0) (i32.const 0)))
    (drop
      (call $get_config
        (local.get $key)
        (local.get $key_len)
        (i32.const 4096)
        (i32.const 32768)))
    (call $begin_reply)
    (call $text (i32.const 16))
    (call $integer (local.get $size))
    (if (i32.ge_s (local.get $size) (i32.const 0))
      (then
        (call $text (i32.const 32))
        (call $escaped (i32.const 4096) (i32.add (i32.const 4096) (local.get $size)))
        (call $put_byte (i32.const 0x22))))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
