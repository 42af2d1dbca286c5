;; Wants messages written far behind the end of its memory.
(module
  (memory (export "memory") 2)

  (func (export "caxton_alloc") (param $len i32) (result i32)
    (i32.const 0xfffffff0))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (i32.const 0)))
