(module
  (func (export "f") (param i32) (result i32)
    (if (local.get 0)
      (then (return (i32.const 5)))
      (else (return (i32.add (i32.const 5) (local.get 0)))))
    (i32.const 99)))
