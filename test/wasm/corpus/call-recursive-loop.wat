;; Recursion out of a loop, under a condition.
(module
  (func $walk (export "f") (param $depth i32) (result i32)
    (local $i i32) (local $n i32)
    (local.set $n (i32.const 1))
    (block $out
      (loop $again
        (br_if $out (i32.ge_u (local.get $i) (local.get $depth)))
        (if (i32.ne (local.get $i) (i32.const 1))
          (then
            (local.set $n
              (i32.add (local.get $n) (call $walk (i32.sub (local.get $depth) (i32.const 1)))))))
        (local.set $i (i32.add (local.get $i) (i32.const 1)))
        (br $again)))
    (local.get $n)))
