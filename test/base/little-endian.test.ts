import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  doubleAt,
  putDouble,
  putUint16,
  putUint32,
  uint16At,
  uint32At,
} from '../../src/base/little-endian.js';

test('numbers are written and read as Buffer does it', () => {
  fc.assert(
    fc.property(
      fc.nat(7),
      fc.integer({ min: 0, max: 0xffff }),
      fc.integer({ min: 0, max: 0xffff_ffff }),
      fc.double(),
      (at, short, long, double) => {
        const bytes = Buffer.alloc(32, 0xaa);
        const expected = Buffer.alloc(32, 0xaa);
        putUint16(bytes, at, short);
        putUint32(bytes, at + 2, long);
        putDouble(bytes, at + 6, double);
        expected.writeDoubleLE(
          double,
          expected.writeUInt32LE(long, expected.writeUInt16LE(short, at)),
        );
        assert.deepEqual(bytes, expected);
        assert.equal(uint16At(bytes, at), short);
        assert.equal(uint32At(bytes, at + 2), long);
        assert.ok(Object.is(doubleAt(bytes, at + 6), double));
      },
    ),
  );
});
