import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isUtf8Range } from '../../src/base/utf8.js';

function decodes(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

test('a range is UTF-8 when a strict decoder takes it, whatever lies around it', () => {
  const text = fc.string({ unit: 'binary', maxLength: 100 }).map((one) => Buffer.from(one));
  const mixed = fc.oneof(fc.uint8Array({ maxLength: 100 }), text, text);
  fc.assert(
    fc.property(mixed, fc.nat(9), fc.nat(9), (bytes, before, after) => {
      const range = bytes.subarray(
        Math.min(before, bytes.length),
        bytes.length - Math.min(after, 1),
      );
      const start = range.byteOffset - bytes.byteOffset;
      assert.equal(isUtf8Range(bytes, start, start + range.length), decodes(range));
    }),
    { numRuns: 2_000 },
  );
});
