(module
  (func (export "f") (param i32) (result i32)
    (local $i i32)
    (loop $again
      (if (i32.eq (i32.mul (local.get $i) (local.get $i)) (local.get 0))
        (then (return (local.get $i))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 50))))
    (i32.const -1)))
