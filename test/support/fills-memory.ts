import { compileWat } from './guests.js';

/**
 * Overwrites more memory than any cache holds again and again: with the most fuel it takes far longer
 * than a server waits when it stops.
 */
export function fillsMemory(): Promise<Uint8Array> {
  return compileWat(
    'fill',
    `(module
      (memory (export "memory") 512)
      (func (export "caxton_alloc") (param i32) (result i32) (i32.const 8))
      (func (export "handle_message") (param i32 i32) (result i32)
        (loop $again
          (memory.fill (i32.const 0) (i32.const 1) (i32.const 33554432))
          (br $again))
        (i32.const 0)))`,
  );
}
