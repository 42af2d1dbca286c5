(module
  (memory (export "memory") 2)
  (func (export "f") (param i32 i32 i32)
    (memory.fill (local.get 0) (local.get 1) (local.get 2))))
