;; No valid agent: its handle_message takes one i64.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $message i64) (result i32)
    (i32.wrap_i64 (local.get $message))))
