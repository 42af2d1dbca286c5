(module
  (func (export "f") (param i32) (result i32)
    (i32.add (i32.extend8_s (local.get 0)) (i32.extend16_s (local.get 0))))
  (func (export "g") (param i64) (result i64)
    (i64.add (i64.extend8_s (local.get 0))
      (i64.add (i64.extend16_s (local.get 0)) (i64.extend32_s (local.get 0))))))
