;; Never returns: copies a passive segment into its table again and again.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (table $slots 10000 funcref)
  (func $nothing)
  (elem $passive func $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing $nothing )

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (loop $again
      (table.init $slots $passive (i32.const 0) (i32.const 0) (i32.const 100))
      (br $again))
    (i32.const 0)))
