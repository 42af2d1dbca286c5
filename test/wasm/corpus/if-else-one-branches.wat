(module
  (func (export "f") (param i32) (result i32)
    (local $r i32)
    (block $out
      (if (i32.and (local.get 0) (i32.const 1))
        (then (local.set $r (i32.const 3)) (br $out))
        (else (local.set $r (i32.mul (local.get 0) (local.get 0)))))
      (local.set $r (i32.add (local.get $r) (i32.const 100)))
      (br_if $out (i32.gt_s (local.get 0) (i32.const 6)))
      (local.set $r (i32.add (local.get $r) (i32.const 1000))))
    (i32.add (local.get $r) (i32.const 1))))
