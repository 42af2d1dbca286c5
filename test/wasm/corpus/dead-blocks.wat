;; Blocks, loops and ifs in code that can't be reached.
(module
  (func $g (result i32) (i32.const 1))
  (func (export "f") (param i32) (result i32)
    (block $out
      (br_if $out (local.get 0))
      (return (i32.const 6))
      (if (local.get 0)
        (then (loop (br 0)))
        (else (drop (call $g)) (return (i32.const 1))))
      (block (br_if 0 (local.get 0)) (br_table 0 0 (local.get 0)))
      (loop (br_if 0 (local.get 0))))
    (i32.const 3)))
