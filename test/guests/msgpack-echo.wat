;; Speaks MessagePack: answers a request with its content. Messages are maps from field names to values;
;; the sender and the content are copied as they are encoded.
(module
  (import "caxton" "send_message" (func $send_message (param i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;;include alloc.wat

  (func (export "caxton_encoding") (result i32) (i32.const 1))

  ;; Field names and texts as MessagePack strings, each fixstr behind its length byte.
  (data (i32.const 0) "\a6sender")
  (data (i32.const 16) "\a7content")
  (data (i32.const 32) "\acperformative")
  (data (i32.const 48) "\a7request")
  (data (i32.const 64) "\83\acperformative\a6inform\a8receiver")
  ;; For each tag from 0xc0 to 0xdf: bits 0 to 4 the bytes before the data, bits 5 and 6 the width
  ;; of the length behind the tag (0, 1, 2 or 4 bytes), bit 7 whether it counts values.
  (data (i32.const 128)
    "\01\01\01\01\22\43\65\23\44\66\05\09\02\03\05\09"
    "\02\03\05\09\03\04\06\0a\12\22\43\65\c3\e5\c3\e5")

  (global $at (mut i32) (i32.const 0))

  (func $byte (param $at i32) (result i32) (i32.load8_u (local.get $at)))

  (func $big_endian (param $at i32) (param $width i32) (result i32)
    (local $n i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $width)))
        (local.set $n
          (i32.or
            (i32.shl (local.get $n) (i32.const 8))
            (call $byte (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $width (i32.sub (local.get $width) (i32.const 1)))
        (br $next)))
    (local.get $n))

  (func $skip_values (param $at i32) (param $count i32) (result i32)
    (block $done
      (loop $next
        (br_if $done (i32.eqz (local.get $count)))
        (local.set $at (call $skip (local.get $at)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (local.get $at))

  ;; From the first byte of a value to behind its last.
  (func $skip (param $at i32) (result i32)
    (local $tag i32) (local $shape i32) (local $width i32) (local $n i32) (local $data i32)
    (local.set $tag (call $byte (local.get $at)))
    (local.set $data (i32.add (local.get $at) (i32.const 1)))
    ;; Small integers.
    (if
      (i32.or
        (i32.lt_u (local.get $tag) (i32.const 0x80))
        (i32.ge_u (local.get $tag) (i32.const 0xe0)))
      (then (return (local.get $data))))
    ;; Short maps, arrays and strings.
    (if (i32.lt_u (local.get $tag) (i32.const 0x90))
      (then
        (return
          (call $skip_values
            (local.get $data)
            (i32.shl (i32.and (local.get $tag) (i32.const 15)) (i32.const 1))))))
    (if (i32.lt_u (local.get $tag) (i32.const 0xa0))
      (then
        (return
          (call $skip_values
            (local.get $data)
            (i32.and (local.get $tag) (i32.const 15))))))
    (if (i32.lt_u (local.get $tag) (i32.const 0xc0))
      (then
        (return (i32.add (local.get $data) (i32.and (local.get $tag) (i32.const 31))))))
    ;; The rest is in the table.
    (local.set $shape (call $byte (i32.sub (local.get $tag) (i32.const 64))))
    (local.set $width (i32.and (i32.shr_u (local.get $shape) (i32.const 5)) (i32.const 3)))
    (if (i32.eq (local.get $width) (i32.const 3)) (then (local.set $width (i32.const 4))))
    (local.set $n (call $big_endian (local.get $data) (local.get $width)))
    (local.set $data
      (i32.add (local.get $at) (i32.and (local.get $shape) (i32.const 31))))
    (if (i32.lt_u (local.get $shape) (i32.const 128))
      (then (return (i32.add (local.get $data) (local.get $n)))))
    ;; A map has two values for each that it counts.
    (call $skip_values
      (local.get $data)
      (i32.shl (local.get $n) (i32.ge_u (local.get $tag) (i32.const 0xde)))))

  ;; Whether the string at $at is the short string at $text.
  (func $same (param $at i32) (param $text i32) (result i32)
    (local $rest i32)
    (local.set $rest
      (i32.add (i32.and (call $byte (local.get $text)) (i32.const 31)) (i32.const 1)))
    (block $different
      (loop $next
        (br_if $different (i32.ne (call $byte (local.get $at)) (call $byte (local.get $text))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (local.set $text (i32.add (local.get $text) (i32.const 1)))
        (local.set $rest (i32.sub (local.get $rest) (i32.const 1)))
        (br_if $next (local.get $rest)))
      (return (i32.const 1)))
    (i32.const 0))

  ;; Where the value of a field of the map starts; 0 = there is none.
  (func $field (param $map i32) (param $name i32) (result i32)
    (local $tag i32) (local $count i32) (local $at i32)
    (local.set $tag (call $byte (local.get $map)))
    (if (i32.eq (local.get $tag) (i32.const 0xde))
      (then
        (local.set $count
          (call $big_endian (i32.add (local.get $map) (i32.const 1)) (i32.const 2)))
        (local.set $at (i32.add (local.get $map) (i32.const 3))))
      (else
        (local.set $count (i32.and (local.get $tag) (i32.const 15)))
        (local.set $at (i32.add (local.get $map) (i32.const 1)))))
    (block $absent
      (loop $next
        (br_if $absent (i32.eqz (local.get $count)))
        (if (call $same (local.get $at) (local.get $name))
          (then (return (call $skip (local.get $at)))))
        (local.set $at (call $skip_values (local.get $at) (i32.const 2)))
        (local.set $count (i32.sub (local.get $count) (i32.const 1)))
        (br $next)))
    (i32.const 0))

  (func $put (param $start i32) (param $end i32)
    (local $len i32)
    (local.set $len (i32.sub (local.get $end) (local.get $start)))
    (memory.copy (global.get $at) (local.get $start) (local.get $len))
    (global.set $at (i32.add (global.get $at) (local.get $len))))

  (func (export "handle_message") (param $ptr i32) (param $len i32) (result i32)
    (local $value i32)
    (local.set $value (call $field (local.get $ptr) (i32.const 32)))
    (if (i32.eqz (call $same (local.get $value) (i32.const 48)))
      (then (return (i32.const 0))))
    (global.set $at (global.get $out))
    ;; The map's tag, the performative and the receiver's name: 30 bytes.
    (call $put (i32.const 64) (i32.const 94))
    (local.set $value (call $field (local.get $ptr) (i32.const 0)))
    (call $put (local.get $value) (call $skip (local.get $value)))
    (local.set $value (call $field (local.get $ptr) (i32.const 16)))
    (if (local.get $value)
      (then
        (call $put (i32.const 16) (i32.const 24))
        (call $put (local.get $value) (call $skip (local.get $value))))
      (else
        ;; Two fields, not three.
        (i32.store8 (global.get $out) (i32.const 0x82))))
    (call $send_message (global.get $out) (i32.sub (global.get $at) (global.get $out)))))
