  ;; Reads a message and writes an answer behind it. Needs $send_message and alloc.wat.
  ;;include json.wat
  (data (i32.const 1024) "\"performative\"\00")
  (data (i32.const 1056) "\"request\"\00")
  (data (i32.const 1088) "\"sender\"\00")
  (data (i32.const 1120) "\"content\"\00")
  (data (i32.const 1152) "{\"performative\":\"inform\",\"receiver\":\00")
  (data (i32.const 1216) ",\"content\":\00")
  (data (i32.const 1248) "null\00")

  (global $sender (mut i32) (i32.const 0))
  (global $sender_end (mut i32) (i32.const 0))
  (global $content (mut i32) (i32.const 0))
  (global $content_end (mut i32) (i32.const 0))
  ;; Where the next byte of the answer goes.
  (global $at (mut i32) (i32.const 0))

  ;; Finds sender and content. 1 when the message is a request, the one act that guests answer.
  (func $read (param $message i32) (result i32)
    (local $act i32)
    (global.set $sender (call $field (local.get $message) (i32.const 1088)))
    (global.set $sender_end (global.get $field_end))
    (global.set $content (call $field (local.get $message) (i32.const 1120)))
    (global.set $content_end (global.get $field_end))
    (local.set $act (call $field (local.get $message) (i32.const 1024)))
    (call $same (local.get $act) (global.get $field_end) (i32.const 1056)))

  (func $put_byte (param $byte i32)
    (i32.store8 (global.get $at) (local.get $byte))
    (global.set $at (i32.add (global.get $at) (i32.const 1))))

  ;; Copies the bytes from $start to $end.
  (func $put (param $start i32) (param $end i32)
    (local $len i32)
    (local.set $len (i32.sub (local.get $end) (local.get $start)))
    (memory.copy (global.get $at) (local.get $start) (local.get $len))
    (global.set $at (i32.add (global.get $at) (local.get $len))))

  ;; Copies a text that ends with a zero byte.
  (func $text (param $text i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (call $byte (local.get $text))))
        (call $put_byte (call $byte (local.get $text)))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (br $next))))

  (func $digits (param $n i64)
    (if (i64.ge_u (local.get $n) (i64.const 10))
      (then (call $digits (i64.div_u (local.get $n) (i64.const 10)))))
    (call $put_byte
      (i32.add
        (i32.wrap_i64 (i64.rem_u (local.get $n) (i64.const 10)))
        (i32.const 0x30))))

  (func $number (param $n i64)
    (if (i64.lt_s (local.get $n) (i64.const 0))
      (then
        (call $put_byte (i32.const 0x2d))
        (local.set $n (i64.sub (i64.const 0) (local.get $n)))))
    (call $digits (local.get $n)))

  (func $integer (param $n i32)
    (call $number (i64.extend_i32_s (local.get $n))))

  ;; The answer up to the content, which comes next.
  (func $begin_reply
    (global.set $at (global.get $out))
    (call $text (i32.const 1152))
    (call $put (global.get $sender) (global.get $sender_end))
    (call $text (i32.const 1216)))

  (func $send_reply (result i32)
    (call $put_byte (i32.const 0x7d))
    (call $send_message
      (global.get $out)
      (i32.sub (global.get $at) (global.get $out))))

  ;; Answers with the content that was received.
  (func $echo (result i32)
    (call $begin_reply)
    (if (global.get $content)
      (then (call $put (global.get $content) (global.get $content_end)))
      (else (call $text (i32.const 1248))))
    (call $send_reply))
