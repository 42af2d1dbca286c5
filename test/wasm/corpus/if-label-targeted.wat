;; Branches to an if's own label, out of both arms.
(module
  (func (export "f") (param i32) (result i32)
    (local $r i32)
    (if $l (i32.and (local.get 0) (i32.const 1))
      (then
        (local.set $r (i32.const 1))
        (br_if $l (i32.and (local.get 0) (i32.const 2)))
        (local.set $r (i32.const 2)))
      (else
        (br_if $l (i32.and (local.get 0) (i32.const 4)))
        (local.set $r (i32.add (local.get $r) (i32.const 30)))
        (br $l)))
    (i32.add (local.get $r) (local.get 0))))
