(module
  (func (export "f") (param i64 i64) (result i64)
    (i64.xor
      (i64.rotl (i64.mul (local.get 0) (i64.const 0x9E3779B97F4A7C15)) (local.get 1))
      (i64.add (i64.popcnt (local.get 0)) (i64.shr_s (i64.const -9000000000) (i64.clz (local.get 1)))))))
