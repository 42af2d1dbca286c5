import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LogTail } from '../../src/runtime/log-tail.js';

const line = (i: number) => ({ timestampMs: i, level: 'info', text: `line ${i}` }) as const;

test('the last lines are kept in their order, as many as there is room for', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 60 }),
      fc.integer({ min: 1, max: 30 }),
      (capacity, pushed, asked) => {
        const tail = new LogTail(capacity);
        for (let i = 0; i < pushed; i++) tail.push(line(i));
        const count = Math.min(capacity, pushed, asked);
        assert.deepEqual(
          tail.last(asked),
          Array.from({ length: count }, (_, i) => line(pushed - count + i)),
        );
      },
    ),
  );
});
