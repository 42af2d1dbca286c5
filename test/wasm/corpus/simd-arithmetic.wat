(module
  (func (export "f") (param i32) (result i32)
    (local $v v128) (local $i i32)
    (local.set $v (i32x4.splat (local.get 0)))
    (loop $again
      (local.set $v (i32x4.add (i32x4.mul (local.get $v) (v128.const i32x4 3 5 7 9))
        (v128.const i32x4 1 2 3 4)))
      (local.set $v (v128.xor (local.get $v) (i32x4.shr_u (local.get $v) (i32.const 3))))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 25))))
    (i32.add (i32x4.extract_lane 0 (local.get $v)) (i32x4.extract_lane 3 (local.get $v)))))
