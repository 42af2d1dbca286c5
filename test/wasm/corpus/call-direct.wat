(module
  (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $twice (param i32) (result i32) (call $add (local.get 0) (local.get 0)))
  (func (export "f") (param i32) (result i32)
    (call $add (call $twice (local.get 0)) (call $twice (i32.const 4)))))
