import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CaxtonError } from '../../../src/base/errors.js';
import {
  timestampOf,
  timestampOfMs,
  timestampOfUs,
  timeText,
} from '../../../src/transport/grpc/timestamps.js';

test('a time comes back the same, to the millisecond, before and after 1970', () => {
  fc.assert(
    fc.property(fc.date({ noInvalidDate: true }), (date) => {
      const year = date.getUTCFullYear();
      fc.pre(year >= 1 && year <= 9_999);
      assert.equal(timeText(timestampOf(date.toISOString()), 'since'), date.toISOString());
    }),
  );
});

test('microseconds are kept, and nanos are never negative', () => {
  assert.deepEqual(timestampOfUs(1_705_314_600_123_456), {
    seconds: 1_705_314_600,
    nanos: 123_456_000,
  });
  assert.deepEqual(timestampOfMs(1_705_314_600_123.456), {
    seconds: 1_705_314_600,
    nanos: 123_456_000,
  });
  assert.deepEqual(timestampOfUs(-1), { seconds: -1, nanos: 999_999_000 });
});

test('absent parts are zero', () => {
  assert.equal(timeText({}, 'since'), '1970-01-01T00:00:00.000Z');
});

test('what is no time is refused by its field', () => {
  for (const timestamp of [
    { seconds: 253_402_300_800 },
    { seconds: -62_135_596_801 },
    { nanos: -1 },
    { nanos: 1_000_000_000 },
  ]) {
    assert.throws(
      () => timeText(timestamp, 'reply_by'),
      (error: unknown) =>
        error instanceof CaxtonError &&
        error.code === 'INVALID_REQUEST' &&
        error.details.field === 'reply_by',
    );
  }
});
