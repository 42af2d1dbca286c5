import { EventLoop } from './event-loop.js';
import { Random } from './random.js';
import type { SimulatedThread } from './simulated-thread.js';

import { US_PER_MS } from './units.js';

/** Steps that a failure shows. */
const TRACED_STEPS = 60;
/** Nested turns of others inside one thread's step. */
const DEPTH_MAX = 4;

export interface WorldOptions {
  readonly seed: number;
  readonly schedule: number;
}

/** What one schedule's seed makes likely. Those of zero never happen in it. */
export interface Weather {
  /** How often another thread gets its turn in the midst of one's step: atomic operations between. */
  preemptionOps: number;
  /** Chance at a point of preemption that the thread dies there. */
  deathChance: number;
  /** Chance at a step that a thread stands still for some time. */
  stallChance: number;
  mainWeight: number;
  writerWeight: number;
  workerWeights: number[];
}

/**
 * One process with its threads, of which exactly one runs at a time: the clock, the main thread's
 * event loop, the other threads, and the dice that say who is next.
 */
export class World {
  readonly random: Random;
  loop: EventLoop;
  readonly threads: SimulatedThread[] = [];
  readonly weather: Weather;
  readonly counts = new Map<string, number>();
  readonly trace: string[] = [];
  nowUs: number;
  steps = 0;
  /** The thread whose code runs; undefined = the main thread's, or the simulator's. */
  current: SimulatedThread | undefined;
  mainOnStack = false;
  #depth = 0;
  #untilPreemption = Number.POSITIVE_INFINITY;
  /** Called after each step of whoever. */
  afterStep: () => void = () => undefined;

  constructor({ seed, schedule }: WorldOptions, startUs: number) {
    this.random = new Random(seed, schedule);
    this.nowUs = startUs;
    this.loop = new EventLoop(this);
    this.weather = drawWeather(this.random);
  }

  /** Each look at the clock takes a microsecond, or loops that wait for a time would never end. */
  nowMs(): number {
    this.nowUs += 1;
    return this.nowUs / US_PER_MS;
  }

  count(what: string, by = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + by);
  }

  note(text: string): void {
    this.trace.push(
      `${String(this.steps).padStart(5)} ${(this.nowUs / US_PER_MS).toFixed(3)} ${text}`,
    );
    if (this.trace.length > TRACED_STEPS) this.trace.shift();
  }

  /** From now on threads are interrupted and die, as the weather has it. */
  unsettle(): void {
    this.#drawPreemption();
  }

  /** From now on no thread is interrupted or dies by itself. */
  settle(): void {
    this.#untilPreemption = Number.POSITIVE_INFINITY;
    this.weather.deathChance = 0;
    this.weather.stallChance = 0;
  }

  /** The process ends: nothing of it runs any more. */
  endThreads(): void {
    for (const thread of this.threads) thread.dead = true;
    this.threads.length = 0;
    this.loop = new EventLoop(this);
  }

  /** At each atomic operation of any thread: another may get its turn here. */
  atomicPoint(): void {
    if (this.current?.dead === true) throw new ThreadDeath();
    this.#untilPreemption -= 1;
    if (this.#untilPreemption > 0 || this.#depth === 0) return;
    this.#drawPreemption();
    const thread = this.current;
    if (thread?.mayDieHere() === true && this.random.chance(this.weather.deathChance)) {
      thread.die('anywhere');
      throw new ThreadDeath();
    }
    if (this.#depth < DEPTH_MAX) {
      this.count('preemptions');
      for (let turns = this.random.between(1, 3); turns > 0; turns--) this.runOne(true);
    }
    if (thread?.dead === true) throw new ThreadDeath();
  }

  #drawPreemption(): void {
    const { preemptionOps } = this.weather;
    this.#untilPreemption =
      preemptionOps === 0 ? Number.POSITIVE_INFINITY : this.random.between(1, 2 * preemptionOps);
  }

  /**
   * Gives one turn to somebody who can use it.
   * @param nested inside the step of another, who goes on afterwards
   * @returns false when nobody can at this moment
   */
  runOne(nested = false): boolean {
    const chosen = this.#choose(nested);
    if (chosen === undefined) return false;
    this.steps += 1;
    this.nowUs += this.random.below(60);
    const before = this.current;
    this.#depth += 1;
    if (chosen === 'main') this.#stepMain();
    else this.#stepThread(chosen);
    this.#depth -= 1;
    this.current = before;
    this.afterStep();
    return true;
  }

  #choose(nested: boolean): SimulatedThread | 'main' | undefined {
    const { weather } = this;
    let total = 0;
    const mainReady = !this.mainOnStack && this.loop.isReady;
    if (mainReady) total += weather.mainWeight;
    const ready: SimulatedThread[] = [];
    for (const thread of this.threads) {
      if (!thread.isReady(this.nowUs)) continue;
      // It would wait for the main thread, which is in the midst of something.
      if (nested && this.mainOnStack && thread.mayBlock()) continue;
      ready.push(thread);
      total += thread.weight;
    }
    if (total === 0) return undefined;
    let at = this.random.next() * total;
    if (mainReady) {
      at -= weather.mainWeight;
      if (at < 0) return 'main';
    }
    for (const thread of ready) {
      at -= thread.weight;
      if (at < 0) return thread;
    }
    return ready.at(-1) ?? 'main';
  }

  #stepMain(): void {
    this.current = undefined;
    this.mainOnStack = true;
    try {
      this.loop.step();
      runMicrotasks();
    } finally {
      this.mainOnStack = false;
    }
  }

  /** Code of the main thread that the simulator calls itself, with all promises that follow. */
  asMain<T>(act: () => T): T {
    this.current = undefined;
    this.mainOnStack = true;
    this.#depth += 1;
    try {
      const result = act();
      runMicrotasks();
      return result;
    } finally {
      this.#depth -= 1;
      this.mainOnStack = false;
      this.afterStep();
    }
  }

  #stepThread(thread: SimulatedThread): void {
    this.current = thread;
    if (this.random.chance(this.weather.stallChance)) {
      thread.stall(this.nowUs + this.random.between(1, 400) * US_PER_MS);
      return;
    }
    thread.run();
  }

  /** Moves the clock to the next moment at which somebody has something to do. */
  advance(limitUs = Number.POSITIVE_INFINITY): boolean {
    let nextUs = this.mainOnStack ? Number.POSITIVE_INFINITY : this.loop.nextUs;
    for (const thread of this.threads) nextUs = Math.min(nextUs, thread.wakesUs());
    if (nextUs === Number.POSITIVE_INFINITY || nextUs > limitUs) {
      if (limitUs !== Number.POSITIVE_INFINITY) this.nowUs = Math.max(this.nowUs, limitUs);
      return false;
    }
    this.nowUs = Math.max(this.nowUs, nextUs);
    return true;
  }

  /** Inside a thread's step, which waits: others go on until the condition holds or it is late. */
  waitNested(done: () => boolean, deadlineUs: number): void {
    const thread = this.current;
    while (!done() && this.nowUs < deadlineUs) {
      if (!this.runOne(true) && !this.advance(deadlineUs)) break;
      if (thread?.dead === true) throw new ThreadDeath();
    }
    this.nowUs = Math.max(this.nowUs, done() ? this.nowUs : deadlineUs);
  }
}

/** Unwinds the stack of a thread that ends in the midst of a step. */
export class ThreadDeath extends Error {
  constructor() {
    super('the thread ended here');
  }
}

// The promises that wait, all of them, now: the simulator calls from no promise itself.
function runMicrotasks(): void {
  (process as unknown as { _tickCallback(): void })._tickCallback();
}

function drawWeather(random: Random): Weather {
  const often = (chance: number, value: number): number => (random.chance(chance) ? value : 0);
  return {
    preemptionOps: often(0.7, random.pick([10, 30, 100, 300])),
    deathChance: often(0.5, random.pick([0.002, 0.01, 0.05])),
    stallChance: often(0.4, random.pick([0.002, 0.02])),
    mainWeight: random.pick([0.1, 1, 3, 10]),
    writerWeight: random.pick([0.1, 1, 3]),
    workerWeights: [0, 1, 2, 3].map(() => random.pick([0.2, 1, 5])),
  };
}

let present: World | undefined;

/** The world whose code runs now; undefined = the real one. */
export function world(): World | undefined {
  return present;
}

export function enterWorld(next: World | undefined): void {
  present = next;
}
