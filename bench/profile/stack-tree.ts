import type { CallFrame, Stack } from './cpu-profile.js';
import { IDLE, ownerOf, sourceOf } from './owners.js';

/** A function as it was called from its callers, with the time in it and in what it called. */
export interface Branch {
  readonly name: string;
  readonly source: string;
  time_us: number;
  readonly calls: Map<string, Branch>;
}

/** Puts stacks together that begin alike; the time in which the thread waited is left out. */
export function mergeStacks(stacks: readonly Stack[]): Branch {
  const root = branch({ functionName: 'all', url: '' });
  for (const stack of stacks) {
    if (ownerOf(stack) === IDLE) continue;
    let at = root;
    at.time_us += stack.time_us;
    for (const frame of stack.frames) {
      const key = `${frame.functionName} ${sourceOf(frame)}`;
      const next = at.calls.get(key) ?? branch(frame);
      at.calls.set(key, next);
      next.time_us += stack.time_us;
      at = next;
    }
  }
  return root;
}

const branch = (frame: CallFrame): Branch => ({
  name: frame.functionName || 'anonymous',
  source: sourceOf(frame),
  time_us: 0,
  calls: new Map(),
});

/** A bar of a flame graph: where it begins and ends, as shares of the whole, and how deep it is. */
export interface Bar {
  readonly name: string;
  readonly source: string;
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

/** Bars of what takes at least a share of the whole, callers before what they call. */
export function barsOf(root: Branch, leastShare: number): Bar[] {
  const bars: Bar[] = [];
  const visit = (at: Branch, from: number, depth: number): void => {
    const share = at.time_us / root.time_us;
    if (!(share >= leastShare)) return;
    const { name, source } = at;
    bars.push({ name, source, from, to: from + share, depth });
    let start = from;
    // By name, so that two graphs of the same server can be laid side by side.
    const calls = [...at.calls].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, call]) => call);
    for (const call of calls) {
      visit(call, start, depth + 1);
      start += call.time_us / root.time_us;
    }
  };
  visit(root, 0, 0);
  return bars;
}
