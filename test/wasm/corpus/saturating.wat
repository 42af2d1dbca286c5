(module
  (func (export "f") (param f64) (result i32) (i32.trunc_sat_f64_s (local.get 0)))
  (func (export "g") (param f64) (result i64)
    (i64.add (i64.trunc_sat_f64_u (local.get 0)) (i64.trunc_sat_f32_s (f32.demote_f64 (local.get 0))))))
