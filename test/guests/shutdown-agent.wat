;; Counts its shutdowns in the data store, one byte for each, and answers {"shutdowns"}: how many
;; there were, or -1.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "caxton" "store_data" (func $store_data (param i32 i32 i32 i32) (result i32)))
  (import "caxton" "load_data" (func $load_data (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "shutdowns\00")
  (data (i32.const 16) "{\"shutdowns\":\00")

  (func (export "agent_shutdown")
    (local $before i32)
    (local.set $before
      (call $load_data (i32.const 0) (i32.const 9) (i32.const 0) (i32.const 0)))
    (if (i32.lt_s (local.get $before) (i32.const 0))
      (then (local.set $before (i32.const 0))))
    (drop
      (call $store_data
        (i32.const 0)
        (i32.const 9)
        (i32.const 4096)
        (i32.add (local.get $before) (i32.const 1)))))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (call $begin_reply)
    (call $text (i32.const 16))
    (call $integer (call $load_data (i32.const 0) (i32.const 9) (i32.const 0) (i32.const 0)))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
