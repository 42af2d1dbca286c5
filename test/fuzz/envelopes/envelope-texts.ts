import { ExtData, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { LIMITS } from '../../../src/base/limits.js';
import { anyText, anyValue } from '../../fipa/arbitrary-message.js';
import { edited } from '../mutations.js';

/** Messages in JSON and in MessagePack: valid, nearly valid, and of what readers stumble over. */

const NAMES = [
  'performative',
  'receiver',
  'sender',
  'content',
  'conversation_id',
  'reply_with',
  'in_reply_to',
  'reply_to',
  'ontology',
  'language',
  'protocol',
  'reply_by',
  'priority',
  'traceparent',
  'message_id',
  'timestamp',
  'options',
];
const ODD_NAMES = ['__proto__', 'constructor', 'toString', 'Receiver', '', 'receiver\u0000', '1'];
const ODD_TEXTS = [
  '',
  'x'.repeat(LIMITS.field_bytes),
  'x'.repeat(LIMITS.field_bytes + 1),
  '€'.repeat(LIMITS.field_bytes),
  '\ud800',
  '\u0000',
  '"\\\n',
  'broadcast:x',
  'capability:',
  '__proto__',
  'REQUEST',
  'accept_proposal',
  '2030-01-31T12:00:00Z',
  '9999-12-31T23:59:60Z',
  '-000001-01-01T00:00:00Z',
];
const texts = fc.oneof(
  fc.constantFrom('request', 'inform', 'echo', 'a'),
  anyText,
  fc.constantFrom(...ODD_TEXTS),
);

const nested = (depth: number): string => `${'['.repeat(depth)}${']'.repeat(depth)}`;

/** Values as they may stand in JSON text, right or not. */
const jsonValues = fc.oneof(
  { weight: 4, arbitrary: texts.map((text) => JSON.stringify(text)) },
  { weight: 4, arbitrary: anyValue.map((value) => JSON.stringify(value)) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...['0', '-0', '9', '10', '1e2', '1E400', '-1e-400', '1.0', '01', '1.', '.5', '+1', '0x1'],
      ...[
        'NaN',
        'Infinity',
        '12345678901234567890',
        '9007199254740993',
        '4.9e-324',
        '1e21',
        '1e-7',
      ],
      ...['true', 'nul', 'None', "'a'", '"\\ud800"', '"\\ud83d\\ude00"', '"\\u0041"', '"\\x"'],
      ...['"\\u00"', '"a\tb"', '{"__proto__":{"polluted":1}}', '{"a":1,"a":2}', '{"b":1,"1":2}'],
      ...['{"constructor":{"prototype":{"polluted":1}}}', '[1,]', '{"a":1,}', '[', '""', '"'],
      ...[126, 127, 128, 129, 200].map(nested),
    ),
  },
);

const jsonKeys = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...NAMES).map((name) => JSON.stringify(name)) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_NAMES).map((name) => JSON.stringify(name)) },
  { weight: 1, arbitrary: fc.constantFrom('"\\u0072eceiver"', 'receiver', "'receiver'", '1') },
);

const TEXT_NAMES = [
  'sender',
  'conversation_id',
  'reply_with',
  'ontology',
  'protocol',
  'traceparent',
];
const shortTexts = fc.oneof(fc.string({ maxLength: 20 }), anyText);

/** Fields as they may be, by name. */
const goodFields: fc.Arbitrary<readonly [name: string, value: unknown]> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...TEXT_NAMES), shortTexts) },
  { weight: 2, arbitrary: fc.tuple(fc.constant('content'), anyValue) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('priority'), fc.nat({ max: 9 })) },
  { weight: 1, arbitrary: fc.constant(['reply_by', '2030-01-31T12:00:00Z'] as const) },
);
const manyGood = fc.uniqueArray(goodFields, { maxLength: 6, selector: ([name]) => name });

const NEEDED = [
  ['"performative"', '"request"'],
  ['"receiver"', '"echo"'],
] as const;
const space = fc.constantFrom('', '', '', '', '', '', ' ', ' ', '\n\t ', '\u00a0');

/** These, and once in ten times only some of all. */
function mostly<T>(these: fc.Arbitrary<T[]>, all: readonly T[]): fc.Arbitrary<T[]> {
  return fc.oneof({ weight: 9, arbitrary: these }, { weight: 1, arbitrary: fc.subarray([...all]) });
}

const jsonTexts = fc
  .tuple(
    fc.oneof(
      { weight: 1, arbitrary: fc.array(fc.tuple(jsonKeys, jsonValues), { maxLength: 6 }) },
      {
        weight: 2,
        arbitrary: manyGood.map((fields) =>
          fields.map(([key, value]) => [JSON.stringify(key), JSON.stringify(value)] as const),
        ),
      },
    ),
    mostly(fc.shuffledSubarray([...NEEDED], { minLength: 2 }), NEEDED),
    fc.nat({ max: 6 }),
    space,
  )
  .map(([others, needed, at, gap]) => {
    const pairs = [...others.slice(0, at), ...needed, ...others.slice(at)];
    const fields = pairs.map(([key, value]) => `${gap}${key}${gap}:${gap}${value}${gap}`);
    return Buffer.from(`${gap}{${fields.join(',')}}${gap}`);
  });

const pack = (value: unknown): Uint8Array => encode(value, { ignoreUndefined: true });
const bytesOf = (...bytes: number[]): Uint8Array => Uint8Array.from(bytes);
const repeated = (byte: number, times: number): Uint8Array => new Uint8Array(times).fill(byte);

const packedValues = fc.oneof(
  { weight: 4, arbitrary: texts.map(pack) },
  { weight: 4, arbitrary: anyValue.map(pack) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...[Number.NaN, Infinity, -0, 2 ** 53, 1.5, -(2 ** 31), 1e-7, new Date(0)].map(pack),
      ...[new Uint8Array(3), new ExtData(7, new Uint8Array(4)), ''].map(pack),
      bytesOf(0xca, 0x7f, 0xc0, 0, 0),
      bytesOf(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff),
      bytesOf(0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0),
      bytesOf(0xdb, 0xff, 0xff, 0xff, 0xff),
      bytesOf(0xdd, 0xff, 0xff, 0xff, 0xff),
      bytesOf(0xdf, 0x7f, 0xff, 0xff, 0xff),
      bytesOf(0xc6, 0xff, 0xff, 0xff, 0xff),
      bytesOf(0xc9, 0xff, 0xff, 0xff, 0xff, 1),
      bytesOf(0xda, 0, 1, 0x61),
      bytesOf(0xdb, 0, 0, 0, 1, 0x61),
      bytesOf(0xde, 0, 0),
      bytesOf(0xd9, 1, 0xff),
      bytesOf(0xc1),
      bytesOf(0xd6, 0xff, 0, 0, 0, 0),
      bytesOf(0x81, 0x01, 0x02),
      bytesOf(0x81, 0xa9, ...Buffer.from('__proto__'), 0x80),
      bytesOf(0x82, 0xa1, 0x61, 1, 0xa1, 0x61, 2),
      ...[126, 128, 129, 1_023, 1_025].map((depth) => repeated(0x91, depth)),
    ),
  },
);
const packedKeys = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...NAMES).map(pack) },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(...ODD_NAMES, 1, null, true).map(pack) },
  { weight: 1, arbitrary: fc.constantFrom(bytesOf(0xd9, 8, ...Buffer.from('receiver'))) },
);
const PACKED_NEEDED = [
  [pack('performative'), pack('request')],
  [pack('receiver'), pack('echo')],
] as const;

const packedMaps = fc
  .tuple(
    fc.oneof(
      { weight: 1, arbitrary: fc.array(fc.tuple(packedKeys, packedValues), { maxLength: 6 }) },
      {
        weight: 2,
        arbitrary: manyGood.map((fields) =>
          fields.map(([key, value]) => [pack(key), pack(value)] as const),
        ),
      },
    ),
    mostly(fc.shuffledSubarray([...PACKED_NEEDED], { minLength: 2 }), PACKED_NEEDED),
    fc.nat({ max: 6 }),
    fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, -1),
  )
  .map(([others, needed, at, lie]) => {
    const pairs = [...others.slice(0, at), ...needed, ...others.slice(at)];
    const head = 0x80 | Math.max(0, Math.min(15, pairs.length + lie));
    return Buffer.concat([bytesOf(head), ...pairs.flat()]);
  });

/** A frame of sends, as a WebSocket carries it. */
const packedBatches = fc
  .array(fc.tuple(packedMaps, fc.option(fc.oneof(fc.nat(), texts)), fc.boolean()), { maxLength: 4 })
  .map((sends) => {
    const maps = sends.map(([message, id, hasType]) => {
      const parts = [pack('message'), message];
      if (id !== null) parts.push(pack('id'), pack(id));
      if (hasType) parts.push(pack('type'), pack('send'));
      return Buffer.concat([bytesOf(0x80 | (parts.length / 2)), ...parts]);
    });
    return Buffer.concat([bytesOf(0x90 | maps.length), ...maps]);
  });

const seldomEdited = (bytes: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    { weight: 2, arbitrary: bytes },
    {
      weight: 1,
      arbitrary: edited(bytes, { maxEdits: 3, words: [...ODD_NAMES, '{', '}', '\\u', ',', ':'] }),
    },
  );

export const anyJsonText: fc.Arbitrary<Uint8Array> = seldomEdited(jsonTexts);
export const anyPackedMap: fc.Arbitrary<Uint8Array> = seldomEdited(packedMaps);
export const anyPackedBatch: fc.Arbitrary<Uint8Array> = seldomEdited(packedBatches);
export const anyEnvelope = fc.oneof(anyJsonText, anyPackedMap, anyPackedBatch);
