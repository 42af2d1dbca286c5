;; Answers {"timestamp_us", "timestamp_again_us", "random": [two numbers]}.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "current_timestamp" (func $current_timestamp (result i64)))
  (import "caxton" "random_u32" (func $random_u32 (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "{\"timestamp_us\":\00")
  (data (i32.const 32) ",\"timestamp_again_us\":\00")
  (data (i32.const 64) ",\"random\":[\00")
  (data (i32.const 96) "]}\00")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (call $begin_reply)
    (call $text (i32.const 0))
    (call $number (call $current_timestamp))
    (call $text (i32.const 32))
    (call $number (call $current_timestamp))
    (call $text (i32.const 64))
    (call $number (i64.extend_i32_u (call $random_u32)))
    (call $put_byte (i32.const 0x2c))
    (call $number (i64.extend_i32_u (call $random_u32)))
    (call $text (i32.const 96))
    (call $send_reply)))
