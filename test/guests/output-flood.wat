;; Never returns: sends the same answer again and again.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (call $begin_reply)
    (call $text (i32.const 1248))
    (drop (call $send_reply))
    (loop $again
      (drop
        (call $send_message
          (global.get $out)
          (i32.sub (global.get $at) (global.get $out))))
      (br $again))
    (i32.const 0)))
