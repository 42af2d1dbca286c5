;; A br_table that may go round again or out.
(module
  (func (export "f") (param i32) (result i32)
    (local $n i32)
    (block $out
      (loop $again
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (local.set 0 (i32.add (i32.mul (local.get 0) (i32.const 5)) (i32.const 3)))
        (block $even
          (br_table $again $even $again $out (i32.and (local.get 0) (i32.const 3))))
        (local.set 0 (i32.shr_u (local.get 0) (i32.const 1)))
        (br_if $again (i32.lt_u (local.get $n) (i32.const 60)))))
    (local.get $n)))
