import { US_PER_MS } from './units.js';
import type { World } from './world.js';

/** Stands for what setTimeout and setInterval give. */
export class SimulatedTimer {
  atUs = 0;
  active = false;
  readonly run: () => void;
  readonly delayUs: number;
  readonly repeats: boolean;
  readonly #loop: EventLoop;

  constructor(loop: EventLoop, run: () => void, delayMs: number, repeats: boolean) {
    this.#loop = loop;
    this.run = run;
    this.delayUs = Math.max(1, Math.trunc(Number(delayMs) || 0)) * US_PER_MS;
    this.repeats = repeats;
  }

  ref(): this {
    return this;
  }

  unref(): this {
    return this;
  }

  hasRef(): boolean {
    return true;
  }

  refresh(): this {
    this.#loop.start(this);
    return this;
  }

  [Symbol.dispose](): void {
    this.#loop.stop(this);
  }
}

interface Task {
  readonly atUs: number;
  readonly run: () => void;
}

interface Immediate {
  readonly run: () => void;
}

/**
 * The main thread's event loop: timers on the simulated clock, immediates, and what other threads
 * post. One step is one callback and all promises that follow from it, as in Node; which of the
 * three kinds comes next is up to the seed.
 */
export class EventLoop {
  readonly #world: World;
  /** By time; those of the same time in the order in which they were started. */
  readonly #timers: SimulatedTimer[] = [];
  readonly #immediates: Immediate[] = [];
  readonly #tasks: Task[] = [];

  constructor(world: World) {
    this.#world = world;
  }

  setTimer(run: () => void, delayMs: number, repeats: boolean): SimulatedTimer {
    const timer = new SimulatedTimer(this, run, delayMs, repeats);
    this.start(timer);
    return timer;
  }

  start(timer: SimulatedTimer): void {
    this.stop(timer);
    timer.active = true;
    timer.atUs = this.#world.nowUs + timer.delayUs;
    let at = this.#timers.length;
    while (at > 0 && (this.#timers[at - 1] as SimulatedTimer).atUs > timer.atUs) at -= 1;
    this.#timers.splice(at, 0, timer);
  }

  stop(timer: SimulatedTimer): void {
    if (!timer.active) return;
    timer.active = false;
    this.#timers.splice(this.#timers.indexOf(timer), 1);
  }

  setImmediate(run: () => void): Immediate {
    const immediate = { run };
    this.#immediates.push(immediate);
    return immediate;
  }

  clearImmediate(immediate: Immediate): void {
    const at = this.#immediates.indexOf(immediate);
    if (at >= 0) this.#immediates.splice(at, 1);
  }

  /** Something that another thread, or the system, causes in this one after so long. */
  post(run: () => void, delayUs = 0): void {
    const atUs = this.#world.nowUs + delayUs;
    let at = this.#tasks.length;
    while (at > 0 && (this.#tasks[at - 1] as Task).atUs > atUs) at -= 1;
    this.#tasks.splice(at, 0, { atUs, run });
  }

  get hasImmediates(): boolean {
    return this.#immediates.length > 0;
  }

  get isReady(): boolean {
    return this.#immediates.length > 0 || this.nextUs <= this.#world.nowUs;
  }

  /** When something will be there to do, immediates aside. */
  get nextUs(): number {
    return Math.min(
      this.#timers[0]?.atUs ?? Number.POSITIVE_INFINITY,
      this.#tasks[0]?.atUs ?? Number.POSITIVE_INFINITY,
    );
  }

  /** Runs one callback; the caller lets the promises follow. */
  step(): void {
    const { nowUs, random } = this.#world;
    const hasImmediates = this.#immediates.length > 0;
    const hasTasks = (this.#tasks[0]?.atUs ?? Number.POSITIVE_INFINITY) <= nowUs;
    const hasTimers = (this.#timers[0]?.atUs ?? Number.POSITIVE_INFINITY) <= nowUs;
    const kinds = Number(hasImmediates) + Number(hasTasks) + Number(hasTimers);
    let chosen = kinds > 1 ? random.below(kinds) : 0;
    if (hasImmediates && chosen-- === 0) this.#immediates.shift()?.run();
    else if (hasTasks && chosen-- === 0) this.#tasks.shift()?.run();
    else this.#fire(this.#timers[0] as SimulatedTimer);
  }

  #fire(timer: SimulatedTimer): void {
    this.stop(timer);
    if (timer.repeats) this.start(timer);
    timer.run();
  }
}
