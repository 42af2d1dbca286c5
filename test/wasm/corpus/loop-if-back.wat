;; A for loop as AssemblyScript writes it: the back edge inside an if.
(module
  (func (export "f") (param i32) (result i32)
    (local $i i32) (local $sum i32)
    (loop $for
      (if (i32.lt_s (local.get $i) (local.get 0))
        (then
          (local.set $sum (i32.add (local.get $sum) (i32.mul (local.get $i) (local.get $i))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br $for)))
      (local.set $sum (i32.add (local.get $sum) (i32.const 1))))
    (local.get $sum)))
