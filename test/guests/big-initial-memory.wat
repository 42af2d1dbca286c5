;; Starts with 2,000 pages, 125 MiB, which is more than the default cap.
(module
  (memory (export "memory") 2000)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (i32.const 0)))
