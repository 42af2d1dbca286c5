import { createRequire } from 'node:module';
import { setEnvironmentData, type Worker } from 'node:worker_threads';
import { LIMITS } from '../../src/base/limits.js';
import { eventually } from './eventually.js';
import { BOARD_KEY, type Fault, FaultBoard, type FaultPoint } from './fault-board.js';

// Those who make threads ask this object for the class, so that it can be another one for a while.
const threadModule = createRequire(import.meta.url)(
  'node:worker_threads',
) as typeof import('node:worker_threads');
const PRELOAD = new URL('./fault-preload.js', import.meta.url).href;
/** Enough for a thread's work, and soon filled. */
const HEAP_MB = 64;

export interface ThreadEnd {
  readonly code: number;
  /** Code or text of what was thrown and not caught. */
  readonly error: string | undefined;
}

/**
 * Worker threads of agents that die, or are held up, at a chosen point of a chosen message's life.
 * Threads that are made from when this is made until `close` load a file that wraps the steps of
 * their loop; the program itself knows nothing of it.
 */
export class FaultyThreads {
  readonly board = new FaultBoard();
  readonly #threads = new Set<Worker>();
  readonly #ends = new Map<Worker, ThreadEnd>();
  readonly #original = threadModule.Worker;

  constructor() {
    setEnvironmentData(BOARD_KEY, this.board.buffer);
    const note = (thread: Worker): void => {
      this.#threads.add(thread);
      let error: string | undefined;
      thread.once('error', (thrown: NodeJS.ErrnoException) => {
        error = thrown.code ?? thrown.message;
      });
      thread.once('exit', (code) => {
        this.#threads.delete(thread);
        this.#ends.set(thread, { code, error });
      });
    };
    threadModule.Worker = class extends this.#original {
      constructor(...[file, options]: ConstructorParameters<typeof Worker>) {
        const limits = options?.resourceLimits;
        const isAgents = limits?.maxOldGenerationSizeMb === LIMITS.worker_heap_mb;
        const resourceLimits = { ...limits, maxOldGenerationSizeMb: HEAP_MB };
        const faulty = { ...options, resourceLimits, execArgv: ['--import', PRELOAD] };
        super(file, isAgents ? faulty : options);
        if (isAgents) note(this);
      }
    };
  }

  /** Those that run, or are being started. */
  get all(): readonly Worker[] {
    return [...this.#threads];
  }

  /**
   * The next thread that comes to the point with a message that holds `mark` in its bytes stops
   * there, and meets the fault when it is struck.
   * @param times so many of them, one after the other
   */
  arm(point: FaultPoint, fault: Fault, mark: string, times = 1): void {
    this.board.arm(point, fault, mark, times, true);
  }

  /** Every thread that comes to the point with such a message meets the fault at once. */
  poison(point: FaultPoint, fault: Fault, mark: string, times = 1_000): void {
    this.board.arm(point, fault, mark, times, false);
  }

  /** Resolves when a thread stands at the point. */
  async standing(): Promise<Worker> {
    const id = await eventually('a thread stands at the point', () => this.board.threadAtPoint);
    return this.all.find(({ threadId }) => threadId === id) as Worker;
  }

  /** Strikes the thread at the point. Resolves when it has ended, and tells how. */
  async strike(fault: Exclude<Fault, 'goes on'>): Promise<ThreadEnd> {
    const thread = await this.standing();
    this.board.strike();
    if (fault === 'is terminated') void thread.terminate();
    return eventually('the thread is gone', () => this.#ends.get(thread));
  }

  close(): void {
    this.board.holdBirths(false);
    threadModule.Worker = this.#original;
  }
}
