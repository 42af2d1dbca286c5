;; Traps: divides by zero.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (i32.div_u (local.get $len) (i32.sub (local.get $len) (local.get $len)))))
