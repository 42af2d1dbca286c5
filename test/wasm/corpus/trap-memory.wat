(module
  (memory (export "memory") 1)
  (func (export "f") (param i32) (result i32)
    (local $i i32)
    (loop $again
      (i32.store8 (local.get 0) (local.get $i))
      (local.set 0 (i32.add (local.get 0) (i32.const 1)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 10))))
    (local.get 0)))
