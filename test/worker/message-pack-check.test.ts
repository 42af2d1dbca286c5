import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { isJsonLikeMessagePack } from '../../src/worker/message-pack-check.js';

const DEPTH = 20;

function check(bytes: Uint8Array): boolean {
  return isJsonLikeMessagePack(bytes, 0, bytes.length, DEPTH);
}

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
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      if (!check(bytes)) return;
      try {
        decode(bytes);
      } catch (error) {
        // Keys are the decoder's to judge: any value may stand there in MessagePack.
        assert.match(String(error), /key/i);
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

test('nesting is bounded', () => {
  let value: unknown = 1;
  for (let i = 0; i < DEPTH; i++) value = [value];
  assert.equal(check(encode(value)), true);
  assert.equal(check(encode([value])), false);
});
