;; A trap on one arm: what follows is reached whenever the if is.
(module
  (func (export "f") (param i32) (result i32)
    (if (i32.gt_u (local.get 0) (i32.const 100)) (then unreachable))
    (block $ok
      (br_if $ok (i32.lt_u (local.get 0) (i32.const 50)))
      unreachable)
    (i32.add (local.get 0) (i32.const 1))))
