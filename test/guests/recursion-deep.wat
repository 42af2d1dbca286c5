;; Calls itself without end: the stack is used up before the fuel is.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func $down (param $n i64) (result i64)
    (local $a i64) (local $b i64) (local $c i64)
    (local.set $a (i64.add (local.get $n) (i64.const 1)))
    (local.set $b (i64.mul (local.get $a) (local.get $n)))
    (local.set $c (call $down (local.get $a)))
    (i64.add (i64.add (local.get $a) (local.get $b)) (local.get $c)))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (i32.wrap_i64 (call $down (i64.const 0)))))
