;; Uses of WASI what toolchains need to start, as a reactor. Writes "hello from wasi" to its standard
;; output and answers {"initialized", "written", "variables", "environment", "time_us", "random"}: how
;; often _initialize ran, the bytes written, the number of environment variables and the first of
;; them, the time, and four random bytes as a number.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func $clock_time_get (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "random_get" (func $random_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat
  ;;include reply.wat

  (data (i32.const 0) "hello from wasi\n\00")
  (data (i32.const 32) "{\"initialized\":\00")
  (data (i32.const 64) ",\"written\":\00")
  (data (i32.const 96) ",\"variables\":\00")
  (data (i32.const 128) ",\"environment\":\"\00")
  (data (i32.const 160) "\",\"time_us\":\00")
  (data (i32.const 192) ",\"random\":\00")

  ;; 4096 the vector of fd_write, 4104 bytes written, 4108 variables, 4112 their bytes, 4120 time,
  ;; 4128 random, 4160 pointers to variables, 8192 variables.
  (global $initialized (mut i32) (i32.const 0))

  (func (export "_initialize")
    (global.set $initialized (i32.add (global.get $initialized) (i32.const 1))))

  ;; Fails the message when a WASI call does.
  (func $must (param $error i32)
    (if (local.get $error) (then (call $proc_exit (local.get $error)))))

  (func $ask
    (i32.store (i32.const 4096) (i32.const 0))
    (i32.store (i32.const 4100) (i32.const 16))
    (call $must
      (call $fd_write (i32.const 1) (i32.const 4096) (i32.const 1) (i32.const 4104)))
    (call $must (call $environ_sizes_get (i32.const 4108) (i32.const 4112)))
    (call $must (call $environ_get (i32.const 4160) (i32.const 8192)))
    (call $must (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 4120)))
    (call $must (call $random_get (i32.const 4128) (i32.const 4))))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (if (i32.eqz (call $read (local.get $ptr))) (then (return (i32.const 0))))
    (call $ask)
    (call $begin_reply)
    (call $text (i32.const 32))
    (call $integer (global.get $initialized))
    (call $text (i32.const 64))
    (call $integer (i32.load (i32.const 4104)))
    (call $text (i32.const 96))
    (call $integer (i32.load (i32.const 4108)))
    (call $text (i32.const 128))
    (if (i32.load (i32.const 4108)) (then (call $text (i32.load (i32.const 4160)))))
    (call $text (i32.const 160))
    (call $number (i64.div_u (i64.load (i32.const 4120)) (i64.const 1000)))
    (call $text (i32.const 192))
    (call $number (i64.load32_u (i32.const 4128)))
    (call $put_byte (i32.const 0x7d))
    (call $send_reply)))
