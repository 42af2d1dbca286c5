import { leb, moduleOf, name, section, vector } from '../wasm/binary.js';

/** Puts agents together byte by byte, for attacks that WebAssembly text can't say. */

export const I32 = 0x7f;
export const ZERO = [0x41, 0];
export const END = 0x0b;
export const FUNCTION = 0;
export const GLOBAL = 3;

export interface Parts {
  /** Instructions of `handle_message`, which has to leave an i32. */
  readonly body?: readonly number[];
  readonly locals?: readonly (readonly number[])[];
  readonly types?: readonly (readonly number[])[];
  readonly tables?: readonly (readonly number[])[];
  readonly memories?: readonly (readonly number[])[];
  readonly tags?: readonly (readonly number[])[];
  readonly globals?: readonly (readonly number[])[];
  readonly exports?: readonly (readonly number[])[];
  readonly start?: number;
  readonly elements?: readonly (readonly number[])[];
  /** More functions of type () -> (), with the same locals; the first is number 2. */
  readonly functions?: readonly (readonly number[])[];
  readonly data?: readonly (readonly number[])[];
}

const sized = (body: readonly number[]): number[] => [...leb(body.length), ...body];
const optional = (id: number, items: readonly (readonly number[])[] | undefined): number[] =>
  items === undefined ? [] : section(id, vector(items));

/** An agent; functions 0 and 1 are its `caxton_alloc` and `handle_message`. */
export function agent(parts: Parts): Uint8Array<ArrayBuffer> {
  const { body = ZERO, locals = [], functions = [] } = parts;
  const types = [
    [0x60, 1, I32, 1, I32],
    [0x60, 2, I32, I32, 1, I32],
    [0x60, 0, 0],
    ...(parts.types ?? []),
  ];
  const handle = [...vector(locals), ...body, END];
  return moduleOf(
    section(1, vector(types)),
    section(3, vector([[0], [1], ...functions.map(() => [2])])),
    optional(4, parts.tables),
    section(5, vector(parts.memories ?? [[0, 2]])),
    optional(13, parts.tags),
    optional(6, parts.globals),
    section(
      7,
      vector([
        [...name('memory'), 2, 0],
        [...name('caxton_alloc'), FUNCTION, 0],
        [...name('handle_message'), FUNCTION, 1],
        ...(parts.exports ?? []),
      ]),
    ),
    parts.start === undefined ? [] : section(8, leb(parts.start)),
    optional(9, parts.elements),
    section(
      10,
      vector([
        sized([0, 0x41, ...leb(1024), END]),
        sized(handle),
        ...functions.map((code) => sized([...vector(locals), ...code, END])),
      ]),
    ),
    optional(11, parts.data),
  );
}

export const repeat = (count: number, item: readonly number[]): number[][] =>
  Array.from({ length: count }, () => [...item]);
