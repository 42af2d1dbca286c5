;; Logs the content behind "log: " and, as an error, behind "error: ", then answers with it.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "console_log" (func $console_log (param i32 i32)))
  (import "caxton" "console_error" (func $console_error (param i32 i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "log: \00")
  (data (i32.const 16) "error: \00")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (global.set $at (global.get $out))
    (call $text (i32.const 0))
    (call $put (global.get $content) (global.get $content_end))
    (call $console_log (global.get $out) (i32.sub (global.get $at) (global.get $out)))
    (global.set $at (global.get $out))
    (call $text (i32.const 16))
    (call $put (global.get $content) (global.get $content_end))
    (call $console_error (global.get $out) (i32.sub (global.get $at) (global.get $out)))
    (call $echo)))
