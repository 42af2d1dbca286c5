import { assembleAgent } from './agents.js';

/** Agents that mean harm, as WebAssembly text. */
const SOURCES = {
  /** Never returns. */
  spinner: `(module
    (memory (export "memory") 2)
    (func (export "caxton_alloc") (param i32) (result i32) (i32.const 65536))
    (func (export "handle_message") (param i32 i32) (result i32)
      (loop $again (br $again))
      (i32.const 0)))`,
  /** Takes all memory that it can get, page by page, and has none left for the message. */
  hoarder: `(module
    (memory (export "memory") 2)
    (func (export "caxton_alloc") (param i32) (result i32)
      (loop $again (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
      (i32.const 0))
    (func (export "handle_message") (param i32 i32) (result i32) (i32.const 0)))`,
} as const;

export type HostileAgent = keyof typeof SOURCES;

export function hostileAgent(name: HostileAgent): Promise<Uint8Array<ArrayBuffer>> {
  return assembleAgent(name, SOURCES[name]);
}
