;; Never returns: overwrites all of its memory again and again.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (loop $again
      (memory.fill
        (i32.const 0)
        (i32.const 0xaa)
        (i32.shl (memory.size) (i32.const 16)))
      (br $again))
    (i32.const 0)))
