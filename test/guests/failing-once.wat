;; Traps on a content that contains "boom" and answers any other with itself.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $at i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (local.set $at (global.get $content))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $at) (global.get $content_end)))
        ;; The four letters as one little-endian word.
        (if (i32.eq (i32.load (local.get $at)) (i32.const 0x6d6f6f62)) (then (unreachable)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (call $echo)))
