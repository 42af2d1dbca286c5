import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { copyBytes } from '../../src/base/bytes.js';
import { copyAligned, copyWords, equalWords, isPlainText } from '../../src/base/words.js';

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
const ranges = fc.tuple(fc.uint8Array({ minLength: 40, maxLength: 40 }), fc.nat(9), fc.nat(30));

test('a range is copied, and nothing beside it', () => {
  fc.assert(
    fc.property(ranges, fc.nat(9), ([source, start, length], at) => {
      for (const copy of [copyBytes, copyRange, copyAlike]) {
        const target = new Uint8Array(40).fill(7);
        const expected = Uint8Array.from(target);
        expected.set(source.subarray(start, start + length), at);
        copy(target, at, source, start, start + length);
        assert.deepEqual(target, expected);
      }
    }),
  );
});

function copyRange(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  copyWords(viewOf(target), at, viewOf(source), start, end - start);
}

function copyAlike(
  target: Uint8Array,
  at: number,
  source: Uint8Array,
  start: number,
  end: number,
): void {
  copyAligned(target, at, viewOf(source), start, end - start);
}

test('a range of any length is copied, aligned or not', () => {
  const source = Uint8Array.from({ length: 2_100 }, (_, i) => i * 7);
  for (const length of [0, 15, 16, 17, 100, 767, 768, 769, 2_000]) {
    for (const [at, start] of [
      [8, 16],
      [3, 8],
      [0, 5],
    ] as const) {
      const target = new Uint8Array(2_100);
      copyRange(target, at, source, start, start + length);
      const expected = new Uint8Array(2_100);
      expected.set(source.subarray(start, start + length), at);
      assert.deepEqual(target, expected);
    }
  }
});

test('ranges are equal when each of their bytes is', () => {
  fc.assert(
    fc.property(ranges, fc.nat(9), fc.nat(39), ([source, start, length], at, changed) => {
      const other = new Uint8Array(40);
      other.set(source.subarray(start, start + length), at);
      assert.ok(equalWords(viewOf(other), at, viewOf(source), start, length));
      other[changed]! ^= 1;
      const isInside = changed >= at && changed < at + length;
      assert.equal(equalWords(viewOf(other), at, viewOf(source), start, length), !isInside);
    }),
  );
});

test('text is plain when JSON has it as it is, in ASCII', () => {
  const text = fc.array(fc.oneof(fc.integer({ min: 0x20, max: 0x7f }), fc.nat(255)), {
    minLength: 12,
    maxLength: 12,
  });
  fc.assert(
    fc.property(text, fc.nat(4), fc.nat(8), (bytes, start, length) => {
      const range = bytes.slice(start, start + length);
      const isPlain = range.every(
        (byte) => byte >= 0x20 && byte < 0x80 && !'"\\'.includes(String.fromCharCode(byte)),
      );
      assert.equal(isPlainText(viewOf(Uint8Array.from(bytes)), start, length), isPlain);
    }),
    { numRuns: 2_000 },
  );
});
