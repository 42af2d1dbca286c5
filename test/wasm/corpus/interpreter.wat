;; A bytecode interpreter: br_table inside a loop, with a case that returns.
(module
  (memory (export "memory") 1)
  (data (i32.const 0) "\01\05\02\03\01\02\03\00\04\00\00")
  (func (export "f") (param $acc i32) (result i32)
    (local $pc i32) (local $op i32) (local $arg i32)
    (loop $next
      (local.set $op (i32.load8_u (local.get $pc)))
      (local.set $arg (i32.load8_u (i32.add (local.get $pc) (i32.const 1))))
      (local.set $pc (i32.add (local.get $pc) (i32.const 2)))
      (block $halt
        (block $not
          (block $sub
            (block $mul
              (block $add
                (br_table $halt $add $mul $sub $not $halt (local.get $op)))
              (local.set $acc (i32.add (local.get $acc) (local.get $arg)))
              (br $next))
            (local.set $acc (i32.mul (local.get $acc) (local.get $arg)))
            (br $next))
          (local.set $acc (i32.sub (local.get $acc) (local.get $arg)))
          (br $next))
        (local.set $acc (i32.xor (local.get $acc) (i32.const -1)))
        (br $next))
      (return (local.get $acc)))
    (i32.const 0)))
