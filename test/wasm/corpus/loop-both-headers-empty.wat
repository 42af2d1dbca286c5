;; Two loops that begin at the same instruction, both repeated.
(module
  (func (export "f") (param i32 i32) (result i32)
    (loop $outer
      (loop $inner
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $inner (i32.gt_s (local.get 0) (i32.const 0))))
      (local.set 0 (i32.const 3))
      (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
      (br_if $outer (i32.gt_s (local.get 1) (i32.const 0))))
    (local.get 0)))
