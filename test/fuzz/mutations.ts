import fc from 'fast-check';

/** One change of some bytes; its numbers are taken modulo what there is. */
interface Edit {
  readonly kind: (typeof KINDS)[number];
  readonly at: number;
  readonly length: number;
  readonly from: number;
  readonly byte: number;
  readonly other: number;
}

const KINDS = [
  'set',
  'flip',
  'insert',
  'cut',
  'copy',
  'repeat',
  'splice',
  'word',
  'number',
] as const;

/** Numbers at which readers go wrong, in the widths in which they are read. */
const NUMBERS: readonly (readonly number[])[] = [
  [0x00],
  [0x7f],
  [0x80],
  [0xff],
  [0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0x80, 0x00, 0x00, 0x00],
  [0xff, 0xff, 0xff, 0xff],
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
];

const edit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: fc.nat(),
  length: fc.oneof(fc.nat({ max: 8 }), fc.nat({ max: 200 })),
  from: fc.nat(),
  byte: fc.nat({ max: 255 }),
  other: fc.nat(),
});

function apply(
  bytes: Buffer,
  edit: Edit,
  seeds: readonly Uint8Array[],
  words: readonly Uint8Array[],
): Buffer {
  const at = edit.at % (bytes.length + 1);
  const before = bytes.subarray(0, at);
  const piece = (of: Uint8Array): Uint8Array => {
    const from = edit.from % (of.length + 1);
    return of.subarray(from, from + edit.length);
  };
  const replaced = (by: Uint8Array | readonly number[]): Buffer =>
    Buffer.concat([before, Uint8Array.from(by), bytes.subarray(at + by.length)]);
  const inserted = (what: Uint8Array): Buffer => Buffer.concat([before, what, bytes.subarray(at)]);
  switch (edit.kind) {
    case 'set':
      return replaced([edit.byte]);
    case 'flip':
      return at === bytes.length ? bytes : replaced([bytes[at]! ^ (1 << (edit.byte & 7))]);
    case 'insert':
      return inserted(Uint8Array.of(edit.byte));
    case 'cut':
      return Buffer.concat([before, bytes.subarray(at + 1 + edit.length)]);
    case 'copy':
      return replaced(piece(bytes));
    case 'repeat':
      return inserted(piece(bytes));
    case 'splice':
      return inserted(piece(seeds[edit.other % seeds.length] ?? bytes));
    case 'word':
      return inserted(words.length === 0 ? piece(bytes) : words[edit.other % words.length]!);
    case 'number':
      return replaced(NUMBERS[edit.other % NUMBERS.length]!);
  }
}

export interface MutationOptions {
  /** Pieces that mean something to the reader. */
  readonly words?: readonly (string | Uint8Array)[];
  /** From which pieces are taken, beside the bytes themselves. */
  readonly others?: readonly Uint8Array[];
  readonly maxEdits?: number;
}

/** Bytes changed in up to a few places; nothing may be done to them at all. */
export function edited(
  bytes: fc.Arbitrary<Uint8Array>,
  { words = [], others = [], maxEdits = 4 }: MutationOptions = {},
): fc.Arbitrary<Uint8Array> {
  const dictionary = words.map((word) => Buffer.from(word as string));
  return fc
    .tuple(bytes, fc.array(edit, { maxLength: maxEdits }))
    .map(([given, edits]) =>
      edits.reduce<Buffer>(
        (changed, one) => apply(changed, one, others, dictionary),
        Buffer.from(given),
      ),
    );
}

/** One of the seeds, changed in up to a few places, some of them by what other seeds have. */
export function mutated(
  seeds: readonly Uint8Array[],
  options: MutationOptions = {},
): fc.Arbitrary<Uint8Array> {
  const seed = fc.nat({ max: seeds.length - 1 }).map((index) => seeds[index]!);
  return edited(seed, { others: seeds, ...options });
}
