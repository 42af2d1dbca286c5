(module
  (memory (export "memory") 1)
  (func $fill (param i32) (i32.store (i32.shl (local.get 0) (i32.const 2)) (i32.mul (local.get 0) (local.get 0))))
  (func $start
    (local $i i32)
    (loop $again
      (call $fill (local.get $i))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 20)))))
  (start $start)
  (func (export "f") (param i32) (result i32) (i32.load (i32.shl (local.get 0) (i32.const 2)))))
