(module
  (func (export "f") (param i32) (result i32)
    (loop (result i32)
      (if (local.get 0) (then (local.set 0 (i32.const 5))))
      (i32.add (local.get 0) (i32.const 1)))))
