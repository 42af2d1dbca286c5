;; The inner loop branches to the outer one's header and past both.
(module
  (func (export "f") (param $n i32) (result i32)
    (local $steps i32)
    (block $out
      (loop $outer
        (local.set $steps (i32.add (local.get $steps) (i32.const 1)))
        (br_if $out (i32.gt_u (local.get $steps) (i32.const 200)))
        (loop $inner
          (br_if $out (i32.eqz (local.get $n)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br_if $outer (i32.eqz (i32.rem_u (local.get $n) (i32.const 3))))
          (local.set $steps (i32.add (local.get $steps) (i32.const 10)))
          (br $inner))))
    (local.get $steps)))
