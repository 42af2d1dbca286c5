(module
  (memory (export "memory") 1)
  (data (i32.const 0) "the quick brown fox jumps over the lazy dog")
  (func (export "f") (param $n i32) (result i32)
    (local $i i32)
    (loop $again
      (memory.copy (i32.add (i32.const 64) (i32.mul (local.get $i) (i32.const 7))) (i32.const 0)
        (i32.const 200))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (local.get $n))))
    (i32.load (i32.const 70))))
