(module
  (func $divide (param i32 i32) (result i32 i32)
    (i32.div_u (local.get 0) (local.get 1)) (i32.rem_u (local.get 0) (local.get 1)))
  (func $digits (param i32) (result i32 i32)
    (local $n i32) (local $sum i32)
    (loop $again
      (call $divide (local.get 0) (i32.const 10))
      (local.set $sum (i32.add (local.get $sum)))
      (local.set 0)
      (local.set $n (i32.add (local.get $n) (i32.const 1)))
      (br_if $again (local.get 0)))
    (local.get $n) (local.get $sum))
  (func (export "f") (param i32) (result i32 i32) (call $digits (local.get 0))))
