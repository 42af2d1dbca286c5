;; Sends a message of its own to its peer for each that it gets, until it gets a cancel, and again
;; from the next request on. What it sends stands at 1024; MESSAGE and MESSAGE_BYTES are put in when
;; it is compiled. A message begins with {"message_id":"msg_, 26 characters and
;; ","performative":", so the first letter of its act is the byte at 63.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  (data (i32.const 1024) "MESSAGE")
  (global $stopped (mut i32) (i32.const 0))
  (func (export "caxton_alloc") (param $len i32) (result i32)
    (select (i32.const 65536) (i32.const 0) (i32.le_u (local.get $len) (i32.const 65536))))
  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $act i32)
    (local.set $act (i32.load8_u offset=63 (local.get $ptr)))
    (if (i32.eq (local.get $act) (i32.const 0x63 (; c ;)))
      (then (global.set $stopped (i32.const 1)) (return (i32.const 0))))
    (if (i32.eq (local.get $act) (i32.const 0x72 (; r ;)))
      (then (global.set $stopped (i32.const 0))))
    (if (global.get $stopped) (then (return (i32.const 0))))
    (call $send_message (i32.const 1024) (i32.const MESSAGE_BYTES))))
