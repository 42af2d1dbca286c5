(module
  (func (export "f") (param i32) (result f64)
    (select (f64.const 1.5) (select (result f64) (f64.const 2.5) (f64.const 3.5) (i32.eq (local.get 0) (i32.const 2)))
      (i32.eqz (local.get 0)))))
