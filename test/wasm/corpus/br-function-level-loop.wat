;; The same out of a loop, where the function's label is taken over.
(module
  (func (export "f") (param i32) (result i32)
    (loop $again
      (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
      (drop (br_if 1 (i32.const 77) (i32.eq (local.get 0) (i32.const 13))))
      (br_if $again (i32.gt_s (local.get 0) (i32.const 0))))
    (br 0 (i32.const 88))))
