;; Functions with loops calling functions with loops.
(module
  (func $sum (export "sum") (param i32) (result i32)
    (local $s i32)
    (loop $again
      (local.set $s (i32.add (local.get $s) (local.get 0)))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $s))
  (func (export "f") (param i32) (result i32)
    (local $s i32)
    (loop $again
      (if (i32.and (local.get 0) (i32.const 1))
        (then (local.set $s (i32.add (local.get $s) (call $sum (local.get 0))))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $s)))
