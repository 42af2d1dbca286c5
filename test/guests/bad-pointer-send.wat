;; Sends a message from behind the end of its memory.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (call $send_message (i32.const 0x7fff0000) (i32.const 100))))
