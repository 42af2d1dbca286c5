(module
  (type $t (func (param i32) (result i32)))
  (table funcref (elem $down $stop))
  (func $stop (type $t) (local.get 0))
  (func $down (type $t)
    (i32.add (i32.const 1)
      (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1))
        (i32.eq (local.get 0) (i32.const 1)))))
  (func (export "f") (param i32) (result i32) (call $down (local.get 0))))
