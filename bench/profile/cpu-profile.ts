import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A call on the stack, as V8 names it. */
export interface CallFrame {
  readonly functionName: string;
  /** Empty for what is no script: the engine's own, and native code. */
  readonly url: string;
}

interface ProfileNode {
  readonly id: number;
  readonly callFrame: CallFrame;
  readonly children?: readonly number[];
  /** How many samples met each line of the script, the first of which is 1. */
  readonly positionTicks?: ReadonlyArray<{ readonly line: number; readonly ticks: number }>;
}

/** A profile as V8 writes it; times are in microseconds of the system's monotonic clock. */
export interface CpuProfile {
  readonly nodes: readonly ProfileNode[];
  readonly startTime: number;
  readonly endTime: number;
  /** The node on top of the stack at each sample. */
  readonly samples: readonly number[];
  /** The time of each sample since the one before. */
  readonly timeDeltas: readonly number[];
}

/** One stack, its callers first, and the time that was spent on top of it. */
export interface Stack {
  readonly frames: readonly CallFrame[];
  readonly time_us: number;
}

export interface Period {
  readonly from_us: number;
  readonly to_us: number;
}

export function readProfile(path: string): CpuProfile {
  return JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
}

/** What of a system's clock a profile's times are in, now. */
export function profileTime_us(): number {
  return Number(process.hrtime.bigint() / 1_000n);
}

/** The top of a stack whose thread slept in `Atomics.wait`. */
export const WAITING: CallFrame = Object.freeze({ functionName: '(waiting)', url: '' });

/** The stacks of a profile with their times, of the given period only where there is one. */
export function stacksOf(profile: CpuProfile, period?: Period): Stack[] {
  const waits = new WaitingLines();
  const callers = new Map<number, ProfileNode>();
  const byId = new Map(profile.nodes.map((node) => [node.id, node]));
  for (const node of profile.nodes) {
    for (const child of node.children ?? []) callers.set(child, node);
  }
  return [...timesOf(profile, period)].flatMap(([id, time_us]) => {
    const frames: CallFrame[] = [];
    let node = byId.get(id);
    const waiting_us = node === undefined ? 0 : time_us * waits.shareOf(node);
    while (node !== undefined && node.callFrame.functionName !== '(root)') {
      frames.unshift(node.callFrame);
      node = callers.get(node.id);
    }
    const stacks = [
      { frames, time_us: time_us - waiting_us },
      { frames: [...frames, WAITING], time_us: waiting_us },
    ];
    return stacks.filter((stack) => stack.time_us > 0);
  });
}

/** Calls in which a thread sleeps, and those of functions that may have been inlined around them. */
const SLEEPS = /\bAtomics\.wait\(|\.(?:waitForFrames|waitForSpace|napUnlessUrgent)\(/;

/** A thread that sleeps in `Atomics.wait` is sampled as if it ran; the line tells. */
class WaitingLines {
  readonly #lines = new Map<string, ReadonlySet<number>>();

  /** The share of a node's samples in which its thread slept. */
  shareOf({ callFrame, positionTicks = [] }: ProfileNode): number {
    const sum = (ticks: typeof positionTicks): number =>
      ticks.reduce((total, each) => total + each.ticks, 0);
    const all = sum(positionTicks);
    if (all === 0 || !callFrame.url.startsWith('file:')) return 0;
    const lines = this.#of(callFrame.url);
    return sum(positionTicks.filter(({ line }) => lines.has(line))) / all;
  }

  #of(url: string): ReadonlySet<number> {
    const known = this.#lines.get(url);
    if (known !== undefined) return known;
    const path = fileURLToPath(url);
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const found = text.split('\n').flatMap((line, index) => (SLEEPS.test(line) ? [index + 1] : []));
    const lines = new Set(found);
    this.#lines.set(url, lines);
    return lines;
  }
}

// What was on top at a sample was so until the next one.
function timesOf(profile: CpuProfile, period: Period | undefined): Map<number, number> {
  const { samples, timeDeltas, startTime, endTime } = profile;
  const { from_us, to_us } = period ?? { from_us: startTime, to_us: endTime };
  const times = new Map<number, number>();
  let at = startTime;
  for (const [index, id] of samples.entries()) {
    at += timeDeltas[index] ?? 0;
    const end = at + (timeDeltas[index + 1] ?? Math.max(0, endTime - at));
    const inside = Math.min(end, to_us) - Math.max(at, from_us);
    if (inside > 0) times.set(id, (times.get(id) ?? 0) + inside);
  }
  return times;
}
