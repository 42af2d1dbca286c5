(module
  (func (export "f") (param i32) (result i32)
    (block
      (drop (br_if 1 (i32.const 11) (i32.eq (local.get 0) (i32.const 1))))
      (br_if 0 (i32.eq (local.get 0) (i32.const 2)))
      (br 1 (i32.const 22)))
    (i32.const 33)))
