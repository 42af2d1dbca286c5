;; Traps: reads behind the end of its memory.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (i32.load (i32.const 0x7fffffff))))
