(module
  (global $counter (export "counter") (mut i64) (i64.const 5))
  (global $limit i32 (i32.const 3))
  (func (export "f") (result i64)
    (local $i i32)
    (loop $again
      (global.set $counter (i64.mul (global.get $counter) (i64.const 3)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (global.get $limit))))
    (global.get $counter)))
