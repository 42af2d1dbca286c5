;; No valid agent: does not export its memory.
(module
  (memory 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (i32.const 0)))
