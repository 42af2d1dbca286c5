;; nop and drop cost nothing.
(module
  (func (export "f") (param i32) (result i32)
    nop nop
    (drop (i32.mul (local.get 0) (i32.const 3)))
    nop
    (i32.add (local.get 0) (i32.const 1))))
