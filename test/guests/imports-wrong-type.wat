;; No valid agent: imports send_message with a type that it does not have.
(module
  (import "caxton" "send_message" (func $send (param i64) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (call $send (i64.const 0))))
