  ;; Finds fields in JSON text. Names are texts in memory that end with a zero byte, and they have
  ;; their quotes, as keys do. The text is what the host wrote and so is valid.
  (global $field_end (mut i32) (i32.const 0))

  (func $byte (param $at i32) (result i32) (i32.load8_u (local.get $at)))

  ;; "[" and "{" give "{"; "]" and "}" give "}".
  (func $bracket (param $at i32) (result i32)
    (i32.or (call $byte (local.get $at)) (i32.const 0x20)))

  (func $skip_space (param $at i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.gt_u (call $byte (local.get $at)) (i32.const 0x20)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $at))

  ;; From an opening quote to behind the closing one.
  (func $skip_string (param $at i32) (result i32)
    (block $done
      (loop $next
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $done (i32.eq (call $byte (local.get $at)) (i32.const 0x22)))
        (if (i32.eq (call $byte (local.get $at)) (i32.const 0x5c))
          (then (local.set $at (i32.add (local.get $at) (i32.const 1)))))
        (br $next)))
    (i32.add (local.get $at) (i32.const 1)))

  ;; From the first byte of a value to behind its last.
  (func $skip_value (param $at i32) (result i32)
    (local $depth i32)
    (block $done
      (loop $next
        (if (i32.eq (call $byte (local.get $at)) (i32.const 0x22))
          (then
            (local.set $at (call $skip_string (local.get $at)))
            (br_if $next (local.get $depth))
            (br $done)))
        (if (i32.eq (call $bracket (local.get $at)) (i32.const 0x7b))
          (then
            (local.set $depth (i32.add (local.get $depth) (i32.const 1)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br $next)))
        (if (i32.eq (call $bracket (local.get $at)) (i32.const 0x7d))
          (then
            (br_if $done (i32.eqz (local.get $depth)))
            (local.set $depth (i32.sub (local.get $depth) (i32.const 1)))
            (local.set $at (i32.add (local.get $at) (i32.const 1)))
            (br_if $next (local.get $depth))
            (br $done)))
        ;; A number, true, false or null ends at a comma or space.
        (if (i32.eqz (local.get $depth))
          (then
            (br_if $done (i32.eq (call $byte (local.get $at)) (i32.const 0x2c)))
            (br_if $done (i32.le_u (call $byte (local.get $at)) (i32.const 0x20)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (local.get $at))

  ;; Whether the bytes from $at to $end are the text at $text.
  (func $same (param $at i32) (param $end i32) (param $text i32) (result i32)
    (block $different
      (loop $next
        (if (i32.eq (local.get $at) (local.get $end))
          (then (return (i32.eqz (call $byte (local.get $text))))))
        (br_if $different (i32.ne (call $byte (local.get $at)) (call $byte (local.get $text))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  ;; Where the value of an object's field starts, its end in $field_end; 0 = there is none.
  (func $field (param $object i32) (param $name i32) (result i32)
    (local $at i32) (local $key i32) (local $value i32)
    (global.set $field_end (i32.const 0))
    (if (i32.eqz (local.get $object)) (then (return (i32.const 0))))
    (local.set $at (call $skip_space (local.get $object)))
    (if (i32.ne (call $byte (local.get $at)) (i32.const 0x7b)) (then (return (i32.const 0))))
    (block $absent
      (loop $next
        ;; Over the opening brace or the comma.
        (local.set $key (call $skip_space (i32.add (local.get $at) (i32.const 1))))
        (br_if $absent (i32.ne (call $byte (local.get $key)) (i32.const 0x22)))
        (local.set $at (call $skip_string (local.get $key)))
        (local.set $value
          (call $skip_space (i32.add (call $skip_space (local.get $at)) (i32.const 1))))
        (if (call $same (local.get $key) (local.get $at) (local.get $name))
          (then
            (global.set $field_end (call $skip_value (local.get $value)))
            (return (local.get $value))))
        (local.set $at (call $skip_space (call $skip_value (local.get $value))))
        (br_if $next (i32.eq (call $byte (local.get $at)) (i32.const 0x2c)))))
    (i32.const 0))
