(module (memory (export "memory") 1) (global (export "g") i32 (i32.const 3)))
