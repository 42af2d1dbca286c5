(module
  (func (export "f") (param i32) (result i32)
    (block $a (result i32)
      (i32.add
        (br_if $a (i32.const 40) (local.get 0))
        (i32.const 2)))))
