import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { CaxtonError } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import {
  isJsonObject,
  readStruct,
  readValue,
  writeStruct,
  writeValue,
} from '../../../src/transport/grpc/struct.js';
import { ofPlainStruct, type PlainStruct, type PlainValue, plainStruct } from './json-values.js';

const library = protobuf.Root.fromJSON({
  nested: protobuf.common.get('google/protobuf/struct.proto')!.nested!,
});
const Struct = library.lookupType('google.protobuf.Struct');
const Value = library.lookupType('google.protobuf.Value');

const jsonValues = fc.jsonValue({ maxDepth: 6 });
const jsonObjects = fc.dictionary(
  fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('__proto__', 'constructor', '')),
  jsonValues,
);

/** As JSON would print it: keys in their order, -0 as 0. */
const same = (actual: unknown, expected: unknown): void =>
  assert.equal(JSON.stringify(actual), JSON.stringify(expected));

function refusal(read: () => unknown): CaxtonError {
  try {
    read();
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String(error));
    return error;
  }
  return assert.fail('nothing was refused');
}

function encodeValue(value: PlainValue): Uint8Array {
  return Value.encode(Value.fromObject(value)).finish();
}

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

test('every JSON value comes back the same', () => {
  fc.assert(fc.property(jsonValues, (value) => same(readValue(writeValue(value), 'c'), value)));
});

test('every JSON object comes back the same, whatever its keys are', () => {
  fc.assert(
    fc.property(jsonObjects, (object) => same(readStruct(writeStruct(object), 'c'), object)),
  );
});

test('objects are written as the protobuf library reads them', () => {
  fc.assert(
    fc.property(jsonObjects, (object) => {
      const read = Struct.toObject(Struct.decode(writeStruct(object))) as PlainStruct;
      assert.deepEqual(ofPlainStruct(read), { ...object });
    }),
  );
});

test('objects are read as the protobuf library writes them', () => {
  fc.assert(
    fc.property(jsonObjects, (object) => {
      const written = Struct.encode(Struct.fromObject(plainStruct(object))).finish();
      assert.deepEqual(readStruct(written, 'c'), { ...object });
    }),
  );
});

test('bytes of any kind are read or refused, never anything else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      try {
        assert.ok(isJsonObject(readStruct(bytes, 'content')));
      } catch (error) {
        assert.ok(error instanceof CaxtonError, String(error));
        assert.equal(error.code, 'INVALID_REQUEST');
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a struct cut short anywhere is refused, or is a shorter struct', () => {
  const whole = writeStruct({ a: [1, 'two', { three: [null, true] }], b: 'x' });
  for (let length = 1; length < whole.length; length++) {
    let read: unknown;
    try {
      read = readStruct(whole.subarray(0, length), 'content');
    } catch (error) {
      assert.ok(error instanceof CaxtonError);
      continue;
    }
    assert.deepEqual(read, { a: [1, 'two', { three: [null, true] }] });
  }
});

test('a key that follows its value is read', () => {
  const value = encodeValue({ numberValue: 7 });
  const writer = protobuf.Writer.create().uint32(0x0a).fork();
  writer.uint32(0x12).bytes(value).uint32(0x0a).string('late');
  assert.deepEqual(readStruct(writer.ldelim().finish(), 'content'), { late: 7 });
});

test('fields that a later struct.proto may add are passed over', () => {
  const writer = protobuf.Writer.create().uint32(0x3a).string('unknown');
  const value = writer.uint32(0x1a).string('known').finish();
  assert.equal(readValue(value, 'content'), 'known');
});

test('a value of no kind is refused by its name', () => {
  const bytes = Struct.encode(
    Struct.fromObject({
      fields: { list: { listValue: { values: [{ boolValue: true }, {}] } } },
    }),
  ).finish();
  const error = refusal(() => readStruct(bytes, 'content'));
  assert.equal(error.code, 'INVALID_REQUEST');
  assert.equal(error.details.field, 'content.list.1');
});

test('numbers that JSON does not have are refused by their name', () => {
  for (const numberValue of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const error = refusal(() => readValue(encodeValue({ numberValue }), 'content_value'));
    assert.equal(error.details.field, 'content_value');
  }
});

test('objects and lists nest as deep as the limit and no deeper, both ways', () => {
  const deepest = nested(LIMITS.content_depth);
  assert.deepEqual(readValue(writeValue(deepest), 'content'), deepest);
  const error = refusal(() => writeValue([deepest]));
  assert.equal(error.details.limit, LIMITS.content_depth);
  const tooDeep = protobuf.Writer.create().uint32(0x32).fork();
  tooDeep.uint32(0x0a).bytes(writeValue(deepest));
  const refused = refusal(() => readValue(tooDeep.ldelim().finish(), 'content'));
  assert.equal(refused.code, 'INVALID_REQUEST');
  assert.equal(refused.details.field, 'content');
});

test('half a surrogate pair becomes U+FFFD, since protobuf text is UTF-8', () => {
  const long = 'x'.repeat(200);
  for (const [text, expected] of [
    ['\ud800', '\ufffd'],
    ['a\udc00b', 'a\ufffdb'],
    [`${long}\ud800`, `${long}\ufffd`],
  ] as const) {
    const bytes = writeStruct({ [text]: text });
    assert.deepEqual(readStruct(bytes, 'content'), { [expected]: expected });
  }
  assert.deepEqual(readValue(writeValue('🚀'), 'content'), '🚀');
});

test('what JSON leaves out or prints as null is left out or null', () => {
  const object = { gone: undefined, none: Number.NaN, list: [undefined] };
  assert.deepEqual(readStruct(writeStruct(object), 'content'), { none: null, list: [null] });
});
