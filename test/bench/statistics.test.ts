import assert from 'node:assert/strict';
import { test } from 'node:test';
import { geometricMean, median, neighbourRatios } from '../../bench/harness/statistics.js';
import { takeTurns } from '../../bench/harness/turns.js';

test('the median is the middle value, or the mean of the two in the middle', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([1, 2, 3, 100]), 2.5);
  assert.equal(median([7]), 7);
});

test('the geometric mean of twice and half is one', () => {
  assert.ok(Math.abs(geometricMean([2, 0.5]) - 1) < 1e-12);
});

test('a value is compared with the baselines before and after it', () => {
  assert.deepEqual(neighbourRatios([10, 20], [5, 10]), [2, 1, 2]);
  assert.deepEqual(neighbourRatios([10], [5]), [2]);
});

test('on a machine that becomes slower all the time, equal contestants have the ratio one', () => {
  const ours = [98, 94, 90, 86, 82];
  const baselines = [100, 96, 92, 88, 84];
  const ratio = median(neighbourRatios(ours, baselines));
  assert.ok(Math.abs(ratio - 1) < 0.025, String(ratio));
});

test('contestants take turns, and the first round is not counted', async () => {
  const order: string[] = [];
  let count = 0;
  const measure = (name: string) => () => {
    order.push(name);
    return count++;
  };
  const figures = await takeTurns(2, { a: measure('a'), b: measure('b') });
  assert.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b']);
  assert.deepEqual(figures, { a: [2, 4], b: [3, 5] });
});
