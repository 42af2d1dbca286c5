(module
  (func (export "f") (param i32 i32) (result i32)
    local.get 1
    i32.const 3
    local.get 0
    if (param i32 i32) (result i32)
      i32.add
    else
      i32.mul
      i32.const 1
      i32.shl
    end))
