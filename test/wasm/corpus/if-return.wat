;; What follows the if runs only on the other way.
(module
  (func (export "f") (param i32) (result i32)
    (if (i32.lt_s (local.get 0) (i32.const 2)) (then (return (local.get 0))))
    (i32.add (i32.mul (local.get 0) (i32.const 10)) (i32.const 1))))
