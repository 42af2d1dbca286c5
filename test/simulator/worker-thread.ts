import { HEAD, SPACE_WAKE, TAIL, WAKE } from '../../src/ring/layout.js';
import type { WorkerStart } from '../../src/wire/control.js';
import { WorkerLoop } from '../../src/worker/loop.js';
import { STILL_ASLEEP } from './globals.js';
import { observer } from './observer.js';
import { SimulatedThread } from './simulated-thread.js';
import { US_PER_MS } from './units.js';
import { ThreadDeath, type World } from './world.js';

const IN_HAND = 0;

/** Where in a message's life a worker stands. */
export const PHASES = ['idle', 'taken', 'call', 'written', 'published', 'finished'] as const;
export type Phase = (typeof PHASES)[number];

interface Owner {
  readonly finished: () => void;
  readonly threw: () => void;
  readonly exited: () => void;
}

/** One worker thread: the product's loop, step by step, over the product's rings. */
export class WorkerThread extends SimulatedThread {
  readonly start: WorkerStart;
  #loop: WorkerLoop | undefined;
  readonly #threadId: number;
  readonly #owner: Owner;
  readonly #requestWords: Int32Array;
  readonly #replyWords: Int32Array;
  readonly #status: Int32Array;
  phase: Phase = 'idle';
  /** It ends when it comes there. */
  doomed: Phase | undefined;
  /** Its last words are an error instead of its end; the product then ends it. */
  throwsAtDeath = false;
  /** It doesn't notice that it was told to end. */
  isDeaf = false;
  /** It was told to end all the same. */
  isEnding = false;
  /** How long its next call takes beside its own work, milliseconds. */
  hangMs = 0;
  #exited = false;
  /** What it left there; that its stack unwinds is seen by nobody. */
  #lastStatus: Int32Array | undefined;

  constructor(world: World, start: WorkerStart, threadId: number, owner: Owner) {
    super(world, `worker ${start.workerIndex}.${start.generation}`);
    this.start = start;
    this.weight = world.weather.workerWeights[start.workerIndex] ?? 1;
    this.#owner = owner;
    this.#requestWords = new Int32Array(start.requestRing);
    this.#replyWords = new Int32Array(start.replyRing);
    this.#status = new Int32Array(start.status);
    this.#threadId = threadId;
  }

  get key(): string {
    return `${this.start.workerIndex}.${this.start.generation}`;
  }

  get sequenceInHand(): number {
    return (this.#status[IN_HAND] as number) >>> 0;
  }

  // One message's effects take half of its reply ring at most.
  override mayBlock(): boolean {
    const used = ((this.#replyWords[TAIL] as number) - (this.#replyWords[HEAD] as number)) >>> 0;
    return used > this.start.replyRing.byteLength / 8;
  }

  override mayDieHere(): boolean {
    // A server that loses a worker before that has begun does not start.
    if (this.#loop === undefined && this.start.generation === 1) return false;
    // Most operations are those of a thread that looks for something to do.
    return !this.isDeaf && (this.phase !== 'idle' || this.world.random.chance(0.05));
  }

  protected override step(): void {
    this.wakeUp();
    try {
      if (this.#loop === undefined) this.#begin();
      else this.#loop.step();
      this.#reach('idle');
    } catch (thrown) {
      if (thrown === STILL_ASLEEP) this.#reach('idle');
      else if (!(thrown instanceof ThreadDeath)) throw thrown;
    }
    if (this.#lastStatus !== undefined) this.#status.set(this.#lastStatus);
    if (!this.dead && this.#loop?.exiting) this.#finish();
  }

  #begin(): void {
    this.#loop = new WorkerLoop(this.start);
    this.start.port.postMessage({ verb: 'ready', threadId: this.#threadId });
  }

  #finish(): void {
    this.dead = true;
    this.#exited = true;
    this.world.threads.splice(this.world.threads.indexOf(this), 1);
    this.#owner.finished();
  }

  /** It has something to do and does not know it. */
  get sleepsOnFrames(): boolean {
    return this.isAsleep && this.#requestWords[HEAD] !== this.#requestWords[TAIL];
  }

  /** Told to end by the main thread: at once, unless it doesn't notice. */
  terminate(): void {
    if (this.isDeaf && !this.dead) {
      this.world.count('deaf to its end');
      this.isEnding = true;
      observer()?.workerDied(this, 'terminated');
      return;
    }
    if (!this.dead) this.die('terminated');
    else this.#exit();
  }

  #exit(): void {
    if (this.#exited) return;
    this.#exited = true;
    this.#owner.exited();
  }

  #reach(phase: Phase): void {
    this.phase = phase;
    if (this.dead || this.doomed !== phase || this.isDeaf) return;
    this.doomed = undefined;
    this.die(phase);
    if (phase !== 'idle') throw new ThreadDeath();
  }

  protected override died(where: string): void {
    this.world.count(`died: ${where === 'anywhere' ? this.phase : where}`);
    this.world.note(`${this.name} died: ${where} (${this.phase})`);
    if (this.onStack) this.#lastStatus = this.#status.slice();
    observer()?.workerDied(this, where);
    if (this.throwsAtDeath && where !== 'terminated') this.#owner.threw();
    else this.#exit();
  }

  override blocked(_words: Int32Array, index: number): void {
    if (index === SPACE_WAKE) this.world.count('reply ring full');
    else if (index === WAKE) throw new Error('a wait for frames inside of a call');
  }

  override stored(words: Int32Array, index: number, value: number): void {
    if (this.dead) return;
    if (words.buffer === this.start.status && index === IN_HAND) {
      this.#reach(value === 0 ? 'finished' : 'taken');
    } else if (words.buffer === this.start.replyRing && index === TAIL) {
      observer()?.published(this);
      if (this.phase === 'written' || this.phase === 'taken') this.#reach('published');
    }
  }

  override watchExports(exports: WebAssembly.Exports): WebAssembly.Exports {
    const { handle_message: handleMessage, handle_timer: handleTimer } = exports;
    const memory = exports.memory as WebAssembly.Memory;
    const call = (run: () => unknown, text: string): unknown => {
      this.#reach('call');
      observer()?.callBegan(this, text);
      this.#takeTime();
      const result = run();
      this.#takeTime();
      if (this.dead) throw new ThreadDeath();
      this.#reach('written');
      return result;
    };
    return {
      ...exports,
      handle_message: (pointer: number, length: number) =>
        call(
          () => (handleMessage as (p: number, l: number) => number)(pointer, length),
          Buffer.from(memory.buffer, pointer, length).toString('utf8'),
        ),
      handle_timer: (id: number) =>
        call(() => (handleTimer as (id: number) => number)(id), `timer ${id}`),
    };
  }

  /** What a call takes; others get their turns meanwhile. */
  #takeTime(): void {
    const { world, hangMs } = this;
    world.atomicPoint();
    world.nowUs += world.random.chance(0.05) ? world.random.below(3_000) : world.random.below(40);
    if (hangMs === 0 || world.mainOnStack) return;
    this.hangMs = 0;
    world.count('hanging calls');
    world.note(`${this.name} hangs for ${hangMs} ms`);
    world.waitNested(() => this.dead, world.nowUs + hangMs * US_PER_MS);
    if (this.dead) throw new ThreadDeath();
  }
}
