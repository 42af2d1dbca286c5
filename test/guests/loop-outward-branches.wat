;; Never returns: of five loops inside one another each goes on at one further out.
(module
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $turn i32)
    (loop $a
      (block $out
        (loop $b
          (loop $c
            (block $middle
              (loop $d
                (loop $e
                  (local.set $turn (i32.add (local.get $turn) (i32.const 1)))
                  (br_table $e $d $middle $c $b $out $a
                    (i32.rem_u (local.get $turn) (i32.const 7)))))
              (br $c))
            (br_if $a (i32.and (local.get $turn) (i32.const 1)))
            (br $b))))
      (br $a))
    (i32.const 0)))
