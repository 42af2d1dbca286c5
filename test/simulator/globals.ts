import { CONSUMER_WAITING, WAKE } from '../../src/ring/layout.js';
import type { SimulatedTimer } from './event-loop.js';
import { US_PER_MS } from './units.js';
import { ThreadDeath, world } from './world.js';

/*
 * Clocks, timers, Atomics and WebAssembly.Instance of this process: inside a simulated world they
 * are that world's, outside they are what they were.
 */

type Words = Int32Array<SharedArrayBuffer>;

/** Modules that look at the clock while they are loaded find it at zero. */
let isLoading = true;

export function modulesLoaded(): void {
  isLoading = false;
}

function installClocks(): void {
  const realNow = performance.now.bind(performance);
  const realDate = Date.now;
  const nowMs = (): number => (isLoading ? 0 : (world()?.nowMs() ?? realNow()));
  const originMs = 2 ** 40 + 2 ** 39;
  Object.defineProperty(performance, 'now', { value: nowMs, configurable: true });
  Object.defineProperty(performance, 'timeOrigin', { value: originMs, configurable: true });
  Date.now = () => {
    const present = world();
    return present === undefined ? realDate() : Math.floor(originMs + present.nowMs());
  };
  process.hrtime.bigint = () => BigInt(Math.round(nowMs() * 1e6));
  const realTimeout = AbortSignal.timeout;
  // Nothing takes so long that it would fire.
  AbortSignal.timeout = (ms) =>
    world() === undefined ? realTimeout(ms) : new AbortController().signal;
}

function installTimers(): void {
  const { setTimeout, setInterval, setImmediate } = globalThis;
  const { clearTimeout, clearInterval, clearImmediate } = globalThis;
  type Callback = (...args: unknown[]) => void;
  const timer = (repeats: boolean, otherwise: typeof setTimeout) =>
    ((run: Callback, delayMs = 1, ...args: unknown[]) => {
      const loop = world()?.loop;
      if (loop === undefined) return otherwise(run, delayMs, ...args);
      return loop.setTimer(() => run(...args), delayMs, repeats);
    }) as unknown as typeof setTimeout;
  const clear = (otherwise: (timer: never) => void) => (id: unknown) => {
    const loop = world()?.loop;
    if (loop === undefined) otherwise(id as never);
    else if (id !== undefined) loop.stop(id as SimulatedTimer);
  };
  Object.assign(globalThis, {
    setTimeout: timer(false, setTimeout),
    setInterval: timer(true, setInterval as unknown as typeof setTimeout),
    clearTimeout: clear(clearTimeout),
    clearInterval: clear(clearInterval),
    setImmediate: (run: Callback, ...args: unknown[]) =>
      world()?.loop.setImmediate(() => run(...args)) ?? setImmediate(run, ...args),
    clearImmediate: (id: never) => {
      const loop = world()?.loop;
      if (loop === undefined) clearImmediate(id);
      else loop.clearImmediate(id);
    },
  });
}

function installAtomics(): void {
  const { load, store, add, exchange, compareExchange, notify, wait } = Atomics;
  const point = (): void => world()?.atomicPoint();
  const patched = {
    load: (words: Words, index: number) => {
      point();
      return load(words, index);
    },
    store: (words: Words, index: number, value: number) => {
      point();
      const result = store(words, index, value);
      world()?.current?.stored(words, index, value);
      return result;
    },
    add: (words: Words, index: number, value: number) => {
      point();
      return add(words, index, value);
    },
    exchange: (words: Words, index: number, value: number) => {
      point();
      return exchange(words, index, value);
    },
    compareExchange: (words: Words, index: number, expected: number, value: number) => {
      point();
      return compareExchange(words, index, expected, value);
    },
    notify: (words: Words, index: number, count?: number) => {
      const present = world();
      if (present === undefined) return notify(words, index, count);
      for (const thread of present.threads) thread.notified(words, index);
      return 0;
    },
    wait: (words: Words, index: number, value: number, timeoutMs = Number.POSITIVE_INFINITY) => {
      const present = world();
      if (present === undefined) return wait(words, index, value, timeoutMs);
      const thread = present.current;
      if (thread === undefined) throw new Error('the main thread waits in Atomics.wait');
      if (load(words, index) !== value) return 'not-equal';
      const deadlineUs = present.nowUs + timeoutMs * US_PER_MS;
      // An idle thread leaves its step here and comes back to the same place in its next one: all
      // that its sleep consists of lies in the ring's words by now.
      if (index === WAKE && load(words, CONSUMER_WAITING) !== 0) {
        thread.sleep(words, index, value, deadlineUs);
        throw STILL_ASLEEP;
      }
      thread.blocked(words, index);
      present.waitNested(() => load(words, index) !== value, deadlineUs);
      if (thread.dead) throw new ThreadDeath();
      return load(words, index) === value ? 'timed-out' : 'ok';
    },
  };
  Object.assign(Atomics, patched);
}

/** Unwinds the stack of a thread that has nothing to do; its next step begins where it slept. */
export const STILL_ASLEEP = new Error('the thread sleeps');

// Guests are real; what is called in them is told to the thread that calls.
function installInstances(): void {
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, args: ConstructorParameters<typeof WebAssembly.Instance>) {
      const instance = new target(...args);
      const thread = world()?.current;
      return thread === undefined ? instance : { exports: thread.watchExports(instance.exports) };
    },
  });
}

// Figures of the real process would cost time, and be others in each run.
function installFigures(): void {
  const { cpuUsage, memoryUsage } = process;
  const usage = { user: 0, system: 0 };
  process.cpuUsage = (before) => (world() === undefined ? cpuUsage(before) : usage);
  const rss = memoryUsage.rss.bind(memoryUsage);
  const { constrainedMemory } = process;
  process.constrainedMemory = () => (world() === undefined ? constrainedMemory() : 2 ** 33);
  memoryUsage.rss = () => (world() === undefined ? rss() : 2 ** 27);
}

/** Once per process, before any module of the product is loaded. */
export function installGlobals(): void {
  installClocks();
  installTimers();
  installAtomics();
  installInstances();
  installFigures();
}
