import { leb } from '../wasm/binary.js';
import { agent, END, I32, type Parts, repeat, ZERO } from './agent-module.js';

/**
 * Agents that are as hard to compile as the limits allow, each in one way. Their `handle_message`
 * calls the function that is, number 2, so that it is compiled by the time it was sent a message.
 */

const LOOP = [0x03, 0x40];
const BLOCK = [0x02, 0x40];
const IF = [...ZERO, 0x04, 0x40];
const DROP = 0x1a;
const branchIf = (labels: number): number[] => [...ZERO, 0x0d, ...leb(labels)];
const assign = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => [...ZERO, 0x21, ...leb(index)]).flat();
const times = (count: number, part: readonly number[]): number[] => repeat(count, part).flat();
const I32_LOCALS = [[...leb(900), I32]];
const TABLE = [[0x70, 0, ...leb(10_000)]];
const BULK = [...ZERO, ...ZERO, ...ZERO, 0xfc];

const CALL_IT = [0x10, 2, ...ZERO];
const bomb = (code: readonly number[], parts: Parts = {}): Uint8Array<ArrayBuffer> =>
  agent({ body: CALL_IT, functions: [code], ...parts });

/** Made when it is wanted: some have megabytes. */
export const COMPILE_BOMBS: Readonly<Record<string, () => Uint8Array<ArrayBuffer>>> = {
  'loops inside one another around many assignments': () =>
    bomb([...times(100, LOOP), ...assign(900), ...times(100, [...branchIf(0), END])], {
      locals: I32_LOCALS,
    }),
  'many blocks over many locals': () => bomb(times(4_200, [...IF, END]), { locals: I32_LOCALS }),
  'many loops': () => bomb(times(2_500, [...LOOP, ...branchIf(0), END])),
  'loops inside one another': () =>
    bomb([...times(2_500, LOOP), ...times(2_500, [...branchIf(0), END])]),
  'many calls': () => bomb([], { functions: [times(70_000, [0x10, 3]), []] }),
  'blocks that hand on 64 values': () => {
    const values = [...leb(64), ...times(64, [I32])];
    const blocks = times(2_200, [0x02, 3, END]);
    const code = [...times(64, ZERO), ...blocks, ...times(64, [DROP])];
    return bomb(code, { types: [[0x60, ...values, ...values]] });
  },
  'many indirect calls': () => bomb(times(18_000, [...ZERO, 0x11, 2, 0]), { tables: TABLE }),
  'many of memory.fill': () => bomb(times(5_000, [...BULK, 11, 0])),
  'many of memory.copy': () => bomb(times(5_000, [...BULK, 10, 0, 0])),
  'many of table.set': () => bomb(times(5_000, [...ZERO, 0xd0, 0x70, 0x26, 0]), { tables: TABLE }),
  'many of ref.func': () =>
    bomb(times(5_000, [0xd2, 2, DROP]), {
      tables: TABLE,
      elements: [[0, ...ZERO, END, 1, 2]],
    }),
  'many wide switches': () => {
    const targets = Array.from({ length: 4_096 }, (_, index) => leb(index)).flat();
    const wide = [...IF, ...ZERO, 0x0e, ...leb(4_095), ...targets, END];
    return bomb([...times(4_900, BLOCK), ...times(20, wide), ...times(4_900, [END])]);
  },
  'one expression': () => bomb([...ZERO, ...times(190_000, [0x45]), DROP]),
  'many small functions': () => {
    const calls = (at: number): number[] =>
      Array.from({ length: 30 }, (_, i) => [0x10, ...leb(2 + ((at + i + 1) % 19_000))]).flat();
    return bomb([], { functions: Array.from({ length: 19_000 }, (_, index) => calls(index)) });
  },
  'many elements': () =>
    bomb([], {
      tables: TABLE,
      elements: repeat(10, [0, ...ZERO, END, ...leb(9_999), ...times(9_999, [2])]),
    }),
  'many data segments': () => bomb([], { data: repeat(90_000, [0, ...ZERO, END, 1, 7]) }),
};
