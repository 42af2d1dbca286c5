(module
  (import "host" "add" (func $add (param i32 i32) (result i32)))
  (import "host" "note" (func $note (param i32)))
  (func (export "f") (param i32) (result i32)
    (local $n i32)
    (loop $again
      (local.set $n (call $add (local.get $n) (local.get 0)))
      (if (i32.and (local.get $n) (i32.const 1)) (then (call $note (local.get $n))))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get $n))
  (func (export "g") (result i32) (call $add (i32.const 2) (i32.const 3))))
