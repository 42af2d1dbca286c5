(module
  (func (export "f") (param f64 f32) (result f64)
    (f64.add
      (f64.sqrt (f64.abs (f64.mul (local.get 0) (f64.const 3.25))))
      (f64.promote_f32 (f32.nearest (f32.div (local.get 1) (f32.const 0.3)))))))
