(module
  (global $g (mut i32) (i32.const 1))
  (func $start (global.set $g (i32.add (global.get $g) (i32.const 41))))
  (start $start)
  (func (export "f") (result i32) (global.get $g)))
