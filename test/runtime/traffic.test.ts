import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Traffic } from '../../src/runtime/traffic.js';

const conversation = (i: number): string => `c-${i}`;

test('all conversations go to the one version there is', () => {
  const traffic = new Traffic('v1');
  assert.ok(traffic.single);
  for (let i = 0; i < 100; i++) assert.equal(traffic.versionFor(conversation(i), i), 'v1');
});

test('a share of the conversations that begin goes to the next version, about as large as asked', () => {
  const traffic = new Traffic('v1');
  traffic.split(1_000, 'v2', 10);
  assert.equal(traffic.percent, 10);
  assert.ok(!traffic.single);
  let next = 0;
  for (let i = 0; i < 10_000; i++) {
    if (traffic.versionFor(conversation(i), 2_000) === 'v2') next += 1;
  }
  assert.ok(next > 800 && next < 1_200, `${next} of 10,000`);
});

test('a conversation of the millisecond of a change belongs to the time before', () => {
  const traffic = new Traffic('v1');
  traffic.settle(1_000, 'v2');
  assert.equal(traffic.versionFor('c', 1_000), 'v1');
  assert.equal(traffic.versionFor('c', 1_001), 'v2');
});

test('what was a version’s that is gone belongs to its heir', () => {
  const traffic = new Traffic('v1');
  traffic.split(1_000, 'v2', 50);
  traffic.replace('v2', 'v1');
  assert.ok(traffic.single);
  traffic.split(2_000, 'v3', 100);
  traffic.settle(3_000, 'v3');
  assert.equal(traffic.versionFor('c', 500), 'v1');
  traffic.replace('v1', 'v3');
  assert.equal(traffic.versionFor('c', 500), 'v3');
  assert.ok(traffic.single);
});

test('a conversation stays where it began, whatever shares follow', () => {
  const change = fc.record({ percent: fc.integer({ min: 0, max: 100 }), settle: fc.boolean() });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const traffic = new Traffic(0);
      const began: Array<{ id: string; bornMs: number; version: number }> = [];
      let nowMs = 1_000;
      let next = 1;
      for (const { percent, settle } of changes) {
        if (settle) traffic.settle(nowMs, next++);
        else traffic.split(nowMs, next, percent);
        nowMs += 10;
        for (let i = 0; i < 20; i++) {
          const id = `${nowMs}-${i}`;
          began.push({ id, bornMs: nowMs, version: traffic.versionFor(id, nowMs) });
        }
        nowMs += 10;
        for (const { id, bornMs, version } of began) {
          assert.equal(traffic.versionFor(id, bornMs), version);
        }
      }
    }),
  );
});
