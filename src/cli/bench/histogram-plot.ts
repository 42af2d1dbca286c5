import type { Bar } from './distribution.js';
import { count, microseconds, percent } from './units.js';

/** Eighths of a character, from the left. */
const BLOCKS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉', '█'];
const WIDTH_DEFAULT = 40;

/**
 * Latencies as horizontal bars, a line for each.
 * @param width of the longest bar, in characters
 */
export function histogramPlot(bars: readonly Bar[], width: number = WIDTH_DEFAULT): string {
  const most = Math.max(...bars.map((bar) => bar.count));
  const total = bars.reduce((sum, bar) => sum + bar.count, 0);
  const rows = bars.map((bar) => ({
    label: `< ${microseconds(bar.to_us)}`,
    bar: barText(bar.count, most, width),
    count: count(bar.count),
    share: percent(bar.count / total),
  }));
  const longest = (name: 'label' | 'count' | 'share'): number =>
    Math.max(...rows.map((row) => row[name].length));
  const [labels, counts, shares] = [longest('label'), longest('count'), longest('share')];
  return rows
    .map((row) =>
      [
        row.label.padStart(labels),
        row.bar.padEnd(width),
        row.count.padStart(counts),
        row.share.padStart(shares),
      ].join('  '),
    )
    .join('\n');
}

/** What is there is to be seen, however little it is beside the most. */
function barText(value: number, most: number, width: number): string {
  if (value === 0) return '';
  const eighths = Math.max(1, Math.round((value / most) * width * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (BLOCKS[eighths % 8] as string);
}
