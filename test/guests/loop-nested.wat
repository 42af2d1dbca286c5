;; Never returns: loops in loops, each of which goes round a few times before the next.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $i i32) (local $j i32)
    (loop $outer
      (local.set $i (i32.const 10))
      (loop $middle
        (local.set $j (i32.const 10))
        (loop $inner
          (local.set $j (i32.sub (local.get $j) (i32.const 1)))
          (br_if $inner (local.get $j)))
        (local.set $i (i32.sub (local.get $i) (i32.const 1)))
        (br_if $middle (local.get $i)))
      (br $outer))
    (i32.const 0)))
