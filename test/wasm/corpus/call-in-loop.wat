;; The callee has charges of its own, so the counter travels through the global.
(module
  (func $step (param i32) (result i32)
    (if (i32.and (local.get 0) (i32.const 1))
      (then (return (i32.add (i32.mul (local.get 0) (i32.const 3)) (i32.const 1)))))
    (i32.shr_u (local.get 0) (i32.const 1)))
  (func (export "f") (param i32) (result i32)
    (local $n i32)
    (block $out
      (loop $again
        (br_if $out (i32.eq (local.get 0) (i32.const 1)))
        (local.set 0 (call $step (local.get 0)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $n)))
