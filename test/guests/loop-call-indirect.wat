;; Never returns: calls through a table without end.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (type $step (func (param i32) (result i32)))
  (table funcref (elem $up $down))

  (func $up (param $n i32) (result i32) (i32.add (local.get $n) (i32.const 1)))

  (func $down (param $n i32) (result i32) (i32.sub (local.get $n) (i32.const 1)))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $n i32)
    (loop $again
      (local.set $n
        (call_indirect (type $step) (local.get $n) (i32.and (local.get $n) (i32.const 1))))
      (br $again))
    (i32.const 0)))
