(module
  (func (export "f") (param i32) (result i32)
    (i32.add
      (if (result i32) (local.get 0)
        (then (i32.const 1))
        (else (i32.mul (i32.const 6) (i32.const 7))))
      (local.get 0))))
