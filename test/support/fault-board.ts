import { FRAME_TIMER } from '../../src/wire/frames.js';

/** Where a worker thread can be stopped while it has a marked message, in the order of its life. */
export const FAULT_POINTS = [
  /** Its frame lies in the ring, and nothing says yet that the worker has it. */
  'waiting',
  /** It is in hand, and its agent has not been called. */
  'taken',
  /** In the midst of its agent's call, whose first answer is half written. */
  'called',
  /** All of its effects are in the reply ring, and nobody can see them. */
  'written',
  /** They can be seen; nobody was woken for them, and the frame is still in hand. */
  'published',
  /** It isn't in hand any more, and its frame not given back. */
  'finished',
  /** Its frame is given back. */
  'released',
] as const;

export type PointOfLife = (typeof FAULT_POINTS)[number];

/**
 * As well: an agent is being started, whose name holds the mark; and the reply ring has no room for
 * what a marked message causes.
 */
export type FaultPoint = PointOfLife | 'starting' | 'full';

/** A mark that all timers have; it is no part of any text. */
export const ANY_TIMER = 'any timer';

/** What becomes of the thread there; `goes on`: it was only held up. */
export const FAULTS = ['exits', 'throws', 'fills its heap', 'is terminated', 'goes on'] as const;

export type Fault = (typeof FAULTS)[number];

/** Under this name threads find the board (see `setEnvironmentData`). */
export const BOARD_KEY = 'fault board';

const POINTS: readonly FaultPoint[] = [...FAULT_POINTS, 'starting', 'full'];

const POINT = 0;
const FAULT = 1;
const TIMES = 2;
const THREAD = 3;
const GO = 4;
const BIRTHS = 5;
const CLOCK = 6;
const PASSED = 7;
const MARK_BYTES = 8;
const HELD = 10;
/** Nothing wakes who waits for this one. */
const NEVER = 9;
const WORDS = 16;
const NONE = -1;

/** What the test asks of threads and what they tell it, in memory that all share. */
export class FaultBoard {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #mark: Buffer;

  constructor(buffer = new SharedArrayBuffer(WORDS * 4 + 64)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, WORDS);
    this.#mark = Buffer.from(buffer, WORDS * 4);
  }

  /**
   * The next `times` threads that come to the point with a frame that holds `mark` meet the fault.
   * @param held whether they wait there until they are struck
   */
  arm(point: FaultPoint, fault: Fault, mark: string, times: number, held: boolean): void {
    this.#set(HELD, held ? 1 : 0);
    this.#set(MARK_BYTES, this.#mark.write(mark));
    this.#set(POINT, POINTS.indexOf(point));
    this.#set(FAULT, FAULTS.indexOf(fault));
    this.#set(THREAD, NONE);
    this.#set(GO, 0);
    this.#set(PASSED, 0);
    this.#set(TIMES, times);
  }

  /** Id of the thread that stands at the point; undefined while none does. */
  get threadAtPoint(): number | undefined {
    const thread = this.#get(THREAD);
    return thread === NONE ? undefined : thread;
  }

  /** How many marked frames threads went through all points with. */
  get passed(): number {
    return this.#get(PASSED);
  }

  /** Lets the thread at the point meet its fate. */
  strike(): void {
    this.#set(THREAD, NONE);
    Atomics.add(this.#words, GO, 1);
    Atomics.notify(this.#words, GO);
  }

  /** While they are held, new threads stop before they run anything of the server. */
  holdBirths(held: boolean): void {
    this.#set(BIRTHS, held ? 1 : 0);
    Atomics.notify(this.#words, BIRTHS);
  }

  /** While it is stopped, the clock by which threads tell short times stands still. */
  stopClock(stopped: boolean): void {
    this.#set(CLOCK, stopped ? 1 : 0);
  }

  get clockStopped(): boolean {
    return this.#get(CLOCK) === 1;
  }

  /** Thread: waits while births are held. */
  awaitBirth(): void {
    Atomics.wait(this.#words, BIRTHS, 1);
  }

  /** Thread: whether a frame or a name has the mark. */
  marks(marked: Buffer): boolean {
    const mark = this.#mark.subarray(0, this.#get(MARK_BYTES));
    if (marked[0] === FRAME_TIMER) return mark.equals(Buffer.from(ANY_TIMER));
    return mark.length > 0 && marked.includes(mark);
  }

  /** Thread: it stands at the point. @returns what is to become of it now, if it is the place */
  reached(point: FaultPoint, threadId: number): Fault | undefined {
    if (this.#get(POINT) !== POINTS.indexOf(point)) return undefined;
    if (Atomics.sub(this.#words, TIMES, 1) <= 0) {
      Atomics.add(this.#words, TIMES, 1);
      return undefined;
    }
    const fault = FAULTS[this.#get(FAULT)];
    if (this.#get(HELD) === 0) return fault;
    const seen = this.#get(GO);
    this.#set(THREAD, threadId);
    // Whoever terminates it does so while it stands here.
    if (fault === 'is terminated') Atomics.wait(this.#words, NEVER, 0);
    Atomics.wait(this.#words, GO, seen);
    return fault;
  }

  /** Thread: it has gone through all points with a marked frame. */
  pass(): void {
    Atomics.add(this.#words, PASSED, 1);
  }

  #get(word: number): number {
    return Atomics.load(this.#words, word);
  }

  #set(word: number, value: number): void {
    Atomics.store(this.#words, word, value);
  }
}
