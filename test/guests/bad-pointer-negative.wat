;; Sends a message from a negative address, whose end would be in range if the sum wrapped.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (call $send_message (i32.const -16) (i32.const 32))))
