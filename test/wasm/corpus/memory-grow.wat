(module
  (memory (export "memory") 1 4)
  (func (export "f") (param i32) (result i32) (memory.grow (local.get 0)))
  (func (export "size") (result i32) (memory.size)))
