(module
  (func (export "f") (result i32)
    (block
      (br 0)
      (drop (i32.div_u (i32.const 1) (i32.const 0)))
      (loop (br 0)))
    (i32.const 4)))
