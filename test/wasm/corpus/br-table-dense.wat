(module
  (func (export "f") (param i32) (result i32)
    (block $d
      (block $c
        (block $b
          (block $a
            (br_table $a $b $c $d (local.get 0)))
          (return (i32.const 100)))
        (return (i32.add (i32.const 100) (local.get 0))))
      (return (i32.mul (i32.add (i32.const 100) (local.get 0)) (i32.const 2))))
    (i32.const -1)))
