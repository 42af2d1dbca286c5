  ;; Messages are written at 65536. What the guest writes comes behind them, from $out on. The guest
  ;; has addresses 0 to 1023 for its own text and 4096 to 65535 for what it remembers.
  (global $out (mut i32) (i32.const 65536))

  (func (export "caxton_alloc") (param $len i32) (result i32)
    (local $pages i32)
    (if (i32.gt_u (local.get $len) (i32.const 0x10000000)) (then (return (i32.const 0))))
    ;; Room for the message and for an answer as long, with some more around it.
    (local.set $pages
      (i32.shr_u
        (i32.add (i32.shl (local.get $len) (i32.const 1)) (i32.const 0x23fff))
        (i32.const 16)))
    (if (i32.gt_u (local.get $pages) (memory.size))
      (then
        (if
          (i32.eq
            (memory.grow (i32.sub (local.get $pages) (memory.size)))
            (i32.const -1))
          (then (return (i32.const 0))))))
    (global.set $out
      (i32.and (i32.add (local.get $len) (i32.const 0x1000f)) (i32.const -16)))
    (i32.const 65536))
