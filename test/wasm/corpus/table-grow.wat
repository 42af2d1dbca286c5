(module
  (table $t (export "table") 2 funcref)
  (elem declare func $f)
  (func $f (export "f") (param i32) (result i32) (table.grow $t (ref.func $f) (local.get 0)))
  (func (export "size") (result i32) (table.size $t))
  (func (export "swap") (result i32)
    (table.set $t (i32.const 0) (table.get $t (i32.const 4)))
    (ref.is_null (table.get $t (i32.const 0)))))
