;; Stores a value from behind the end of its memory.
(module
  (import "caxton" "store_data" (func $store_data (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat

  (data (i32.const 0) "key")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (call $store_data (i32.const 0) (i32.const 3) (i32.const 0x10000000) (i32.const 10))))
