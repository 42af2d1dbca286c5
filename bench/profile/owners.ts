import { basename } from 'node:path';
import { type CallFrame, type Stack, WAITING } from './cpu-profile.js';

/** Whose code a stack is in, for people: a folder of the server's, a package, the engine. */
export const IDLE = 'idle';
export const COLLECTOR = 'garbage collection';
export const NATIVE = 'native code: sockets, the system, the engine';
export const NATIVE_FRAME = 'sockets and system calls, outside of JavaScript';
export const AGENTS = 'agents (WebAssembly)';

/** Where a frame's source lies, without what is of one machine alone. */
export function sourceOf({ url }: CallFrame): string {
  const own = /\/dist\/((?:src|bench)\/.*)\.js$/.exec(url);
  if (own !== null) return `${own[1]}.ts`;
  const packaged = /.*\/node_modules\/(.*)$/.exec(url);
  if (packaged !== null) return packaged[1] as string;
  if (url.startsWith('node:')) return url;
  if (url.startsWith('wasm:')) return 'wasm';
  return url === '' ? '' : basename(url);
}

/** The owner of the time on top of a stack. */
export function ownerOf(stack: Stack): string {
  const top = stack.frames.at(-1);
  if (top === undefined) return NATIVE;
  const special = ownerOfSpecial(top);
  if (special !== undefined) return special;
  // What the engine does itself, as parsing JSON, is its caller's.
  const caller = stack.frames.findLast(({ url }) => url !== '');
  return caller === undefined ? NATIVE : ownerOfSource(sourceOf(caller));
}

function ownerOfSpecial({ functionName, url }: CallFrame): string | undefined {
  if (url.startsWith('wasm:')) return AGENTS;
  if (url !== '') return undefined;
  if (functionName === '(garbage collector)') return COLLECTOR;
  if (functionName === '(program)') return NATIVE;
  return functionName === '(idle)' || functionName === WAITING.functionName ? IDLE : undefined;
}

function ownerOfSource(source: string): string {
  if (source.startsWith('node:')) return 'Node.js';
  if (source === 'wasm') return AGENTS;
  const parts = source.split('/');
  if (parts[0] !== 'src') {
    return parts.slice(0, source.startsWith('@') ? 2 : 1).join('/');
  }
  return parts.slice(0, parts[1] === 'transport' && parts.length > 3 ? 3 : 2).join('/');
}

/**
 * The profiler takes native code that handles sockets for idle: what CPU time a thread took beyond
 * the samples in which it did something was that.
 * @param cpu_us the thread's CPU time in the period of the stacks
 */
export function withNativeTime(stacks: readonly Stack[], cpu_us: number): Stack[] {
  const [idle, busy] = [stacks.filter(isIdle), stacks.filter((stack) => !isIdle(stack))];
  const idle_us = sum(idle);
  const native_us = Math.min(idle_us, Math.max(0, cpu_us - sum(busy)));
  if (native_us === 0) return [...stacks];
  const rest = idle.map((stack) => ({
    ...stack,
    time_us: stack.time_us * (1 - native_us / idle_us),
  }));
  const frames = [{ functionName: NATIVE_FRAME, url: '' }];
  return [...busy, ...rest, { frames, time_us: native_us }];
}

/**
 * Where the profiler missed that a thread slept, more than half of the samples are of one stack and
 * more than half of the time took no CPU: that stack is then what it slept in. This doesn't hold for
 * threads that wait for disks.
 */
export function withoutMissedSleep(stacks: readonly Stack[], cpu_us: number): Stack[] {
  const busy = stacks.filter((stack) => !isIdle(stack));
  const busy_us = sum(busy);
  const heaviest = busy.reduce<Stack | undefined>(
    (most, stack) => (stack.time_us > (most?.time_us ?? 0) ? stack : most),
    undefined,
  );
  const slept_us = busy_us - cpu_us;
  if (heaviest === undefined || Math.min(slept_us, heaviest.time_us) < busy_us / 2) {
    return [...stacks];
  }
  const worked_us = Math.max(0, heaviest.time_us - slept_us);
  return [
    ...stacks.filter((stack) => stack !== heaviest),
    { ...heaviest, time_us: worked_us },
    { frames: [...heaviest.frames, WAITING], time_us: heaviest.time_us - worked_us },
  ];
}

const isIdle = (stack: Stack): boolean => ownerOf(stack) === IDLE;

const sum = (stacks: readonly Stack[]): number =>
  stacks.reduce((total, { time_us }) => total + time_us, 0);

export interface Share {
  readonly name: string;
  /** Of the time in which the thread did something. */
  readonly share: number;
}

export interface Times {
  /** The share of the time in which the thread did something. */
  readonly busy: number;
  readonly owners: readonly Share[];
  readonly functions: readonly Share[];
}

const FUNCTIONS_MAX = 12;
/** What takes less is not kept. */
const LEAST_SHARE = 0.003;

/** Where the time of a thread goes, the most first. */
export function timesOf(stacks: readonly Stack[]): Times {
  const owners = new Map<string, number>();
  const functions = new Map<string, number>();
  const add = (map: Map<string, number>, name: string, time: number): void => {
    map.set(name, (map.get(name) ?? 0) + time);
  };
  let total = 0;
  let busy = 0;
  for (const stack of stacks) {
    total += stack.time_us;
    const owner = ownerOf(stack);
    if (owner === IDLE) continue;
    busy += stack.time_us;
    add(owners, owner, stack.time_us);
    add(functions, nameOf(stack.frames.at(-1)), stack.time_us);
  }
  const shares = (map: Map<string, number>): Share[] =>
    [...map]
      .map(([name, time]) => ({ name, share: rounded(time / busy) }))
      .filter(({ share }) => share >= LEAST_SHARE)
      .sort((a, b) => b.share - a.share);
  return {
    busy: total === 0 ? 0 : rounded(busy / total),
    owners: shares(owners),
    functions: shares(functions).slice(0, FUNCTIONS_MAX),
  };
}

const rounded = (share: number): number => Math.round(share * 1_000) / 1_000;

/** A function with its source, for people. */
export function nameOf(frame: CallFrame | undefined): string {
  if (frame === undefined) return NATIVE;
  const source = sourceOf(frame);
  const name = frame.functionName === '' ? 'anonymous' : frame.functionName;
  return source === '' ? name : `${name} ${source}`;
}
