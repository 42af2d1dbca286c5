;; No valid agent: does not export handle_message.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "agent_init") (result i32) (i32.const 0)))
