;; A function with a loop and several results.
(module
  (func (export "f") (param i32) (result i32 i64 f64)
    (local $sum i64)
    (loop $again
      (local.set $sum (i64.add (local.get $sum) (i64.extend_i32_s (local.get 0))))
      (if (i32.eq (local.get 0) (i32.const 77))
        (then (return (i32.const 1) (i64.const 2) (f64.const 3.5))))
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (br_if $again (i32.gt_s (local.get 0) (i32.const 0))))
    (local.get 0) (local.get $sum) (f64.convert_i64_s (local.get $sum))))
