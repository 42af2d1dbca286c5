;; Functions that only a global and an expression segment refer to.
(module
  (type $t (func (param i32) (result i32)))
  (table $t 4 funcref)
  (global $a funcref (ref.func $double))
  (elem (table $t) (offset (i32.const 1)) funcref (ref.func $triple) (ref.null func))
  (func $double (type $t) (i32.mul (local.get 0) (i32.const 2)))
  (func $triple (type $t) (i32.mul (local.get 0) (i32.const 3)))
  (func (export "f") (param i32) (result i32)
    (table.set $t (i32.const 0) (global.get $a))
    (i32.add (call $double (i32.const 5))
      (call_indirect (type $t) (i32.const 10) (local.get 0)))))
