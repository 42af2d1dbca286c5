interface Kernel {
  readonly wat: string;
  readonly argument: number;
}

const defineKernels = <T extends Record<string, Kernel>>(kernels: T): Readonly<T> => kernels;

/** Small programs that show what metering costs where: loops, memory, calls. */
export const KERNELS = defineKernels({
  arithmetic: {
    argument: 1_000_000,
    wat: `(module
      (func (export "run") (param $n i32) (result i32) (local $x i32)
        (loop $again
          (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (local.get $n)))
          (local.set $n (i32.sub (local.get $n) (i32.const 1)))
          (br_if $again (local.get $n)))
        (local.get $x)))`,
  },
  sieve: {
    argument: 1_000_000,
    wat: `(module (memory 16)
      (func (export "run") (param $n i32) (result i32) (local $i i32) (local $j i32) (local $count i32)
        (memory.fill (i32.const 0) (i32.const 0) (local.get $n))
        (local.set $i (i32.const 2))
        (loop $next
          (if (i32.eqz (i32.load8_u (local.get $i)))
            (then
              (local.set $count (i32.add (local.get $count) (i32.const 1)))
              (local.set $j (i32.shl (local.get $i) (i32.const 1)))
              (block $done
                (loop $mark
                  (br_if $done (i32.ge_u (local.get $j) (local.get $n)))
                  (i32.store8 (local.get $j) (i32.const 1))
                  (local.set $j (i32.add (local.get $j) (local.get $i)))
                  (br $mark)))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $next (i32.lt_u (local.get $i) (local.get $n))))
        (local.get $count)))`,
  },
  fibonacci: {
    argument: 25,
    wat: `(module
      (func $fib (export "run") (param $n i32) (result i32)
        (if (result i32) (i32.lt_s (local.get $n) (i32.const 2))
          (then (local.get $n))
          (else (i32.add
            (call $fib (i32.sub (local.get $n) (i32.const 1)))
            (call $fib (i32.sub (local.get $n) (i32.const 2))))))))`,
  },
});
