;; Sends the content of each request on, as a request, to the agent that the config entry "to" names.
;; It answers nobody itself and ignores what comes back.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "get_config" (func $get_config (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "{\"performative\":\"request\",\"receiver\":\"\00")
  (data (i32.const 64) "to\00")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $size i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (local.set $size
      (call $get_config (i32.const 64) (i32.const 2) (i32.const 4096) (i32.const 1024)))
    (if (i32.lt_s (local.get $size) (i32.const 0)) (then (return (local.get $size))))
    (global.set $at (global.get $out))
    (call $text (i32.const 0))
    (call $put (i32.const 4096) (i32.add (i32.const 4096) (local.get $size)))
    (call $put_byte (i32.const 0x22))
    (if (global.get $content)
      (then
        (call $text (i32.const 1216))
        (call $put (global.get $content) (global.get $content_end))))
    (call $send_reply)))
