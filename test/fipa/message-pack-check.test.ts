import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, ExtData, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import {
  type MessagePackFault,
  messagePackArrayLength,
  messagePackFault,
} from '../../src/fipa/message-pack-check.js';

const DEPTH = 20;

const VALUES = 200_000;

function fault(bytes: Uint8Array, blobs = false): MessagePackFault | undefined {
  return messagePackFault(bytes, 0, bytes.length, { depth: DEPTH, values: VALUES, blobs });
}

const check = (bytes: Uint8Array, blobs = false): boolean => fault(bytes, blobs) === undefined;

test('every JSON value passes in its MessagePack form, and no part of one does', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(), (value, cut) => {
      const packed = encode(value);
      assert.equal(check(packed), true);
      assert.equal(check(packed.subarray(0, cut % packed.length)), false);
    }),
  );
});

test('what passes can be decoded whole, whatever the bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.boolean(), (bytes, blobs) => {
      if (!check(bytes, blobs)) return;
      try {
        decode(bytes);
      } catch (error) {
        // Keys are the decoder's to judge: any value may stand there in MessagePack.
        // So are times: their seconds are an extension's own.
        assert.match(String(error), /key|timestamp/i);
      }
    }),
    { numRuns: 2_000 },
  );
});

test('lengths of every width are followed', () => {
  for (const length of [0, 15, 31, 32, 255, 256, 65_535, 65_536]) {
    assert.equal(check(encode('x'.repeat(length))), true);
    assert.equal(check(encode(new Array(length).fill(1))), true);
    assert.equal(check(encode(Object.fromEntries(new Array(length).entries()))), true);
  }
  for (const number of [-1, -33, -129, -32_769, 127, 128, 65_536, 2 ** 40, 0.5]) {
    assert.equal(check(encode(number)), true);
  }
});

test('text of every width must be UTF-8, as a value and as a key', () => {
  for (const length of [2, 31, 32, 255, 256, 65_535, 65_536]) {
    for (const value of ['é'.repeat(length / 2), { ['x'.repeat(length - 1)]: 1 }]) {
      const packed = Buffer.from(encode(value));
      assert.equal(check(packed), true);
      packed[packed.length - 2] = 0xff;
      assert.equal(check(packed), false);
    }
  }
});

test('nesting is bounded', () => {
  let value: unknown = 1;
  for (let i = 0; i < DEPTH; i++) value = [value];
  assert.equal(check(encode(value)), true);
  assert.equal(fault(encode([value])), 'too deep');
});

test('a few bytes that claim billions of values are refused', () => {
  const header = [0xdd, 0x01, 0xff, 0xff, 0xff];
  assert.equal(fault(new Uint8Array(Array(DEPTH).fill(header).flat())), 'malformed');
});

test('values are counted over all levels, and keys are values', () => {
  const half = new Array(VALUES / 2 - 2).fill(0);
  assert.equal(check(encode([half, half])), true);
  assert.equal(fault(encode([half, half, {}, {}])), 'too many values');
  assert.equal(fault(encode([half, half, { a: 1 }])), 'too many values');
});

test('binary data and extensions of every width pass only where they are asked for', () => {
  for (const length of [0, 1, 2, 4, 8, 16, 17, 255, 256, 65_536]) {
    const blob = new Uint8Array(length);
    for (const value of [blob, new ExtData(7, blob), [blob, 1]]) {
      const packed = encode(value);
      assert.equal(check(packed, true), true);
      assert.equal(check(packed.subarray(0, -1), true), false);
      assert.equal(fault(packed), 'malformed');
    }
  }
  assert.equal(check(encode(new Date(0)), true), true);
});

test('the length of an array is read from its first bytes', () => {
  for (const length of [0, 1, 15, 16, 65_535, 65_536]) {
    assert.equal(messagePackArrayLength(encode(new Array(length).fill(1))), length);
  }
  for (const other of [encode({ a: 1 }), encode('text'), new Uint8Array([0xdd, 1]), Buffer.of()]) {
    assert.equal(messagePackArrayLength(other), 0);
  }
});
