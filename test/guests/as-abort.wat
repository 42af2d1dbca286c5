;; Ends as AssemblyScript's failed assertions do: env.abort with a text, a file, line 3, column 7.
;; Strings are UTF-16 behind their length in bytes.
(module
  (import "env" "abort" (func $abort (param i32 i32 i32 i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat

  (data (i32.const 28) "\0a\00\00\00b\00r\00o\00k\00e\00")
  (data (i32.const 64) "\10\00\00\00a\00g\00e\00n\00t\00.\00t\00s\00")

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (call $abort (i32.const 32) (i32.const 68) (i32.const 3) (i32.const 7))
    (unreachable)))
