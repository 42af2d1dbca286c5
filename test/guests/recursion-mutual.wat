;; Three functions that call each other in a ring without end.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func $a (param i32) (result i32) (i32.add (call $b (local.get 0)) (i32.const 1)))
  (func $b (param i32) (result i32) (i32.add (call $c (local.get 0)) (i32.const 1)))
  (func $c (param i32) (result i32) (i32.add (call $a (local.get 0)) (i32.const 1)))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (call $a (i32.const 0))))
