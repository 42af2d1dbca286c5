;; No valid agent: imports a function that the host does not have.
(module
  (import "caxton" "no_such_function" (func $launch (param i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (call $launch (i32.const 1))))
