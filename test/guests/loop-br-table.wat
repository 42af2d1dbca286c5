;; Never returns: a branch table all of whose targets are the loop.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $n i32)
    (local.set $n (i32.const 0))
    (loop $outer
      (loop $inner
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br_table $inner $outer $inner (i32.and (local.get $n) (i32.const 3)))))
    (i32.const 0)))
