(module
  (func (export "f") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.const 1))
      (else unreachable (i32.const 1) (i32.add))) ))
