import type { World } from './world.js';

/** A thread beside the main one, of which each step is called by the world. */
export abstract class SimulatedThread {
  readonly name: string;
  readonly world: World;
  dead = false;
  onStack = false;
  weight = 1;
  #stalledUntilUs = 0;
  #sleep: Sleep | undefined;

  constructor(world: World, name: string) {
    this.world = world;
    this.name = name;
    world.threads.push(this);
  }

  /** One step of the thread's own code. */
  protected abstract step(): void;

  /** Told when it ended, by itself or by another. @param where of its work, for the count */
  protected abstract died(where: string): void;

  run(): void {
    this.onStack = true;
    try {
      this.step();
    } finally {
      this.onStack = false;
    }
  }

  isReady(nowUs: number): boolean {
    return !this.dead && !this.onStack && this.wakesUs() <= nowUs;
  }

  wakesUs(): number {
    if (this.dead || this.onStack) return Number.POSITIVE_INFINITY;
    return Math.max(this.#stalledUntilUs, this.#sleep?.deadlineUs ?? 0);
  }

  /** Whether its next step might have to wait for the main thread. */
  mayBlock(): boolean {
    return false;
  }

  mayDieHere(): boolean {
    return true;
  }

  stall(untilUs: number): void {
    this.world.count('stalls');
    this.#stalledUntilUs = untilUs;
  }

  die(where: string): void {
    if (this.dead) return;
    this.dead = true;
    const at = this.world.threads.indexOf(this);
    if (at >= 0) this.world.threads.splice(at, 1);
    this.died(where);
  }

  /** Lies in Atomics.wait until it is notified, or late. */
  sleep(words: Int32Array, index: number, value: number, deadlineUs: number): void {
    this.#sleep = { words, index, value, deadlineUs };
  }

  /** Whether nobody has notified it yet. */
  protected get isAsleep(): boolean {
    return !this.dead && this.#sleep !== undefined && this.#sleep.deadlineUs > 0;
  }

  protected wakeUp(): void {
    this.#sleep = undefined;
  }

  notified(words: Int32Array, index: number): void {
    const sleep = this.#sleep;
    if (sleep === undefined || sleep.index !== index || sleep.words.buffer !== words.buffer) return;
    sleep.deadlineUs = 0;
  }

  /** It waits in the midst of a step. */
  blocked(_words: Int32Array, _index: number): void {}

  /** It stored a word. */
  stored(_words: Int32Array, _index: number, _value: number): void {}

  watchExports(exports: WebAssembly.Exports): WebAssembly.Exports {
    return exports;
  }
}

interface Sleep {
  readonly words: Int32Array;
  readonly index: number;
  readonly value: number;
  /** 0 = it was notified. */
  deadlineUs: number;
}
