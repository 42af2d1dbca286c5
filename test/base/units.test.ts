import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CaxtonError } from '../../src/base/errors.js';
import { formatBytes, parseBytes, parseDurationMs } from '../../src/base/units.js';

const namesField = (error: unknown): boolean =>
  error instanceof CaxtonError &&
  error.code === 'INVALID_REQUEST' &&
  error.details.field === 'resources.memory' &&
  error.message.includes('resources.memory');

test('sizes are read in powers of 1000 and of 1024', () => {
  for (const [text, bytes] of [
    ['50MB', 50_000_000],
    ['50MiB', 50 * 2 ** 20],
    ['1GiB', 2 ** 30],
    ['2 GB', 2_000_000_000],
    ['64KiB', 65_536],
    ['1.5KB', 1_500],
    ['12', 12],
    ['7B', 7],
    ['0', 0],
    ['1mib', 2 ** 20],
  ] as const) {
    assert.equal(parseBytes(text, 'x'), bytes, text);
  }
  assert.equal(parseBytes(4_096, 'x'), 4_096);
});

test('what is no size is refused by the name of its field', () => {
  for (const value of ['', 'MB', '-1', '1e3', '50 MX', '1,5MB', '0x10', '9999999999GB', 'NaN']) {
    assert.throws(() => parseBytes(value, 'resources.memory'), namesField, value);
  }
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => parseBytes(value, 'resources.memory'), namesField, String(value));
  }
});

test('any number of bytes is read back as it was written', () => {
  fc.assert(
    fc.property(fc.nat({ max: Number.MAX_SAFE_INTEGER }), (bytes) => {
      assert.equal(parseBytes(String(bytes), 'x'), bytes);
      assert.equal(parseBytes(`${bytes}B`, 'x'), bytes);
    }),
  );
});

test('durations are read into milliseconds', () => {
  for (const [text, ms] of [
    ['500ms', 500],
    ['5s', 5_000],
    ['5m', 300_000],
    ['1.5h', 5_400_000],
    ['7d', 604_800_000],
    ['0', 0],
    ['0s', 0],
  ] as const) {
    assert.equal(parseDurationMs(text, 'x'), ms, text);
  }
  assert.equal(parseDurationMs(250, 'x'), 250);
});

test('what is no duration is refused by the name of its field', () => {
  for (const value of ['', '5', 'm', '-5m', '5 minutes', '1h30m', '5M']) {
    assert.throws(() => parseDurationMs(value, 'resources.memory'), namesField, value);
  }
  assert.throws(() => parseDurationMs(-1, 'resources.memory'), namesField);
});

test('sizes are written short, in powers of 1000, within one part in a hundred', () => {
  assert.equal(formatBytes(25_000_000), '25MB');
  assert.equal(formatBytes(999), '999B');
  assert.equal(formatBytes(1_536), '1.54KB');
  assert.equal(formatBytes(2 ** 30), '1.07GB');
  fc.assert(
    fc.property(fc.nat({ max: 10 ** 13 }), (bytes) => {
      assert.ok(Math.abs(parseBytes(formatBytes(bytes), 'x') - bytes) <= bytes / 100);
    }),
  );
});
