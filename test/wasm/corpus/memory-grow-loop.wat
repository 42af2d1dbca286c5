(module
  (memory (export "memory") 1 6)
  (func (export "f") (result i32)
    (local $n i32)
    (block $full
      (loop $again
        (br_if $full (i32.eq (memory.grow (i32.const 1)) (i32.const -1)))
        (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (local.get $n))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $n)))
