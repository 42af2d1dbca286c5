(module
  (func (export "f") (param i32) (result i32)
    (local $n i32)
    (block $d
      (block $c
        (block $b
          (block $a
            (br_table $a $b $c $d (local.get 0)))
          (local.set $n (i32.add (local.get $n) (i32.const 1))))
        (local.set $n (i32.add (local.get $n) (i32.const 2))))
      (local.set $n (i32.add (local.get $n) (i32.const 4))))
    (local.get $n)))
