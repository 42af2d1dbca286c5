;; Multi-value: a block that takes parameters from the stack.
(module
  (func (export "f") (param i32 i32) (result i32)
    local.get 0
    local.get 1
    block (param i32 i32) (result i32 i32)
      i32.add
      i32.const 7
      local.get 0
      br_if 0
      i32.mul
      i32.const 5
    end
    i32.sub))
