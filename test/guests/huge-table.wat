;; No valid agent: declares a table of a million elements.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (table 1000000 funcref)

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (i32.const 0)))
