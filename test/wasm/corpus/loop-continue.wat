;; Two plain back edges and two exits.
(module
  (func (export "f") (param i32) (result i32)
    (local $n i32)
    (block $out
      (loop $again
        (br_if $out (i32.eqz (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (if (i32.and (local.get 0) (i32.const 1))
          (then (local.set $n (i32.add (local.get $n) (i32.const 2))) (br $again)))
        (br_if $out (i32.gt_s (local.get $n) (i32.const 40)))
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (br $again)))
    (local.get $n)))
