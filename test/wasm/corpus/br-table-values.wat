(module
  (func (export "f") (param i32) (result i32)
    (block $a (result i32)
      (i32.add
        (block $b (result i32)
          (br_table $a $b $a (i32.const 8) (local.get 0)))
        (i32.const 1)))))
