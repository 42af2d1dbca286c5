import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CpuShare } from '../../src/worker/cpu-share.js';

const SECOND_US = 1_000_000;

test('a share’s worth of work in a second needs no pause', () => {
  const share = new CpuShare(100, 0);
  for (let i = 1; i <= 100; i++) assert.equal(share.charge(1_000, i * 10_000), 0);
});

test('work beyond the share is paid for with the time it takes to refill', () => {
  const share = new CpuShare(100, 0);
  // 100 ms are there at first; 50 ms more are half a second of a tenth of a core.
  assert.equal(share.charge(150_000, 0), 500);
  assert.equal(share.pauseMs(250_000), 250);
  assert.equal(share.pauseMs(500_000), 0);
});

test('idle time saves up no more than one second’s share', () => {
  const share = new CpuShare(1_000, 0);
  assert.equal(share.charge(2 * SECOND_US, 100 * SECOND_US), 1_000);
});

test('a clock that seems to step back takes nothing away', () => {
  const share = new CpuShare(500, 10 * SECOND_US);
  assert.equal(share.charge(1, 9 * SECOND_US), 0);
});
