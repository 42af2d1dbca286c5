;; Never returns: two functions call each other a hundred levels deep, again and again, so that
;; the stack holds and only fuel ends it.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func $even (param $depth i32)
    (if (local.get $depth)
      (then (call $odd (i32.sub (local.get $depth) (i32.const 1))))))

  (func $odd (param $depth i32)
    (if (local.get $depth)
      (then (call $even (i32.sub (local.get $depth) (i32.const 1))))))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (loop $again
      (call $even (i32.const 100))
      (br $again))
    (i32.const 0)))
