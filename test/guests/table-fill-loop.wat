;; Never returns: fills its whole table again and again.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (table $slots 10000 funcref)

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (loop $again
      (table.fill $slots (i32.const 0) (ref.null func) (i32.const 10000))
      (br $again))
    (i32.const 0)))
