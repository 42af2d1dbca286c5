;; Never returns: sends an answer of a million bytes again and again.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 20)
  ;;include alloc.wat
  ;;include reply.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (call $begin_reply)
    (call $put_byte (i32.const 0x22))
    (memory.fill (global.get $at) (i32.const 0x78) (i32.const 1000000))
    (global.set $at (i32.add (global.get $at) (i32.const 1000000)))
    (call $put_byte (i32.const 0x22))
    (drop (call $send_reply))
    (loop $again
      (drop
        (call $send_message
          (global.get $out)
          (i32.sub (global.get $at) (global.get $out))))
      (br $again))
    (i32.const 0)))
