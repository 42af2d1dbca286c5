(module
  (func (export "f") (param i32) (result i32)
    (if (result i32) (i32.lt_s (local.get 0) (i32.const 10))
      (then
        (if (result i32) (i32.lt_s (local.get 0) (i32.const 5))
          (then (i32.const 1))
          (else (i32.add (local.get 0) (i32.const 2)))))
      (else
        (if (result i32) (i32.lt_s (local.get 0) (i32.const 20))
          (then (i32.mul (local.get 0) (i32.const 3)))
          (else (i32.sub (i32.mul (local.get 0) (local.get 0)) (i32.const 4))))))))
