;; Traps: calls a function through a table by the wrong type.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (type $wrong (func (param f64) (result i32)))
  (table funcref (elem $right))

  (func $right (param $n i32) (result i32) (local.get $n))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (call_indirect (type $wrong) (f64.const 1) (i32.const 0))))
