(module
  (memory (export "memory") 1)
  (data $text "0123456789012345678901234567890123456789012345678901234567890123456789")
  (func (export "f") (param i32 i32) (memory.init $text (i32.const 8) (local.get 0) (local.get 1)))
  (func (export "g") (data.drop $text)))
