;; A host function in the table.
(module
  (type $op (func (param i32 i32) (result i32)))
  (import "host" "add" (func $add (type $op)))
  (table funcref (elem $add $sub))
  (func $sub (type $op) (i32.sub (local.get 0) (local.get 1)))
  (func (export "f") (param i32) (result i32)
    (call_indirect (type $op) (i32.const 20) (i32.const 3) (local.get 0))))
