import assert from 'node:assert/strict';
import { test } from 'node:test';
import { histogramPlot } from '../../../src/cli/bench/histogram-plot.js';

test('the plot has a bar for each range, as long as its count', () => {
  const plot = histogramPlot(
    [
      { from_us: 800, to_us: 1_000, count: 3 },
      { from_us: 1_000, to_us: 1_300, count: 8 },
      { from_us: 1_300, to_us: 1_600, count: 0 },
      { from_us: 1_600, to_us: 2_000, count: 1 },
    ],
    4,
  );
  assert.deepEqual(plot.split('\n'), [
    '   < 1 ms  █▌    3  25.0 %',
    '< 1.30 ms  ████  8  66.7 %',
    '< 1.60 ms        0   0.0 %',
    '   < 2 ms  ▌     1  8.33 %',
  ]);
});

test('the least count is to be seen beside the most', () => {
  const plot = histogramPlot([
    { from_us: 1, to_us: 2, count: 1 },
    { from_us: 2, to_us: 3, count: 1_000_000 },
  ]);
  const [least, most] = plot.split('\n') as [string, string];
  assert.match(least, /^< 2 µs {2}▏/);
  assert.match(most, /█{40} {2}1,000,000/);
});
