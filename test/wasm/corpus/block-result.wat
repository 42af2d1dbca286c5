(module
  (func (export "f") (param i32) (result i32)
    (i32.add
      (block (result i32)
        (drop (br_if 0 (i32.const 10) (local.get 0)))
        (i32.const 20))
      (block (result i32) (i32.const 1)))))
