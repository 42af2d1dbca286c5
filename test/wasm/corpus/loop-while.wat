;; A header with the exit, one plain back edge at the end.
(module
  (func (export "f") (param i32) (result i32)
    (local $sum i32)
    (block $out
      (loop $again
        (br_if $out (i32.eqz (local.get 0)))
        (local.set $sum (i32.add (local.get $sum) (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br $again)))
    (local.get $sum)))
