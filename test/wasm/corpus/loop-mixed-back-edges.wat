;; A conditional back edge beside a plain one: the header keeps its charge.
(module
  (func (export "f") (param i32) (result i32)
    (local $n i32)
    (block $out
      (loop $again
        (local.set $n (i32.add (local.get $n) (i32.const 1)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br_if $out (i32.le_s (local.get 0) (i32.const 0)))
        (br_if $again (i32.and (local.get 0) (i32.const 3)))
        (local.set $n (i32.add (local.get $n) (i32.const 10)))
        (br $again)))
    (local.get $n)))
