import { EventEmitter } from 'node:events';
import type { WorkerStart } from '../../../src/wire/control.js';
import type { PrepareOutcome, PrepareRequest } from '../../../src/wire/prepare.js';
import prepare from '../../../src/worker/prepare-task.js';
import { WorkerThread } from '../worker-thread.js';
import { type World, world } from '../world.js';

/*
 * In the place of the piscina package: threads of the simulated world that run WorkerLoop, and the
 * compiler's task, which is called as it is and remembers what it made.
 */

interface Options {
  readonly filename: string;
  readonly minThreads?: number;
}

const START_MAX_US = 20_000;
const prepared = new Map<string, PrepareOutcome>();
let lastThreadId = 0;

/** What the pool sees of a thread. */
export class PoolThread extends EventEmitter {
  readonly threadId = ++lastThreadId;
  worker: WorkerThread | undefined;
  isBusy = false;

  async terminate(): Promise<number> {
    this.worker?.terminate();
    return 1;
  }
}

export class Piscina extends EventEmitter {
  readonly threads: PoolThread[] = [];
  readonly #world: World;
  readonly #isCompiler: boolean;
  readonly #waiting: Array<(thread: PoolThread) => void> = [];
  #destroyed = false;

  constructor({ filename, minThreads = 0 }: Options) {
    super();
    const present = world();
    if (present === undefined) throw new Error('a pool outside of a simulated world');
    this.#world = present;
    this.#isCompiler = filename.endsWith('/prepare-task.js');
    for (let i = 0; i < minThreads; i++) this.threads.push(new PoolThread());
  }

  run(input: unknown): Promise<unknown> {
    return this.#isCompiler ? this.#prepare(input as PrepareRequest) : this.#serve(input);
  }

  #prepare(request: PrepareRequest): Promise<PrepareOutcome> {
    const { loop, random } = this.#world;
    const key = `${Buffer.from(request.original).toString('latin1')}:${request.memoryMaxBytes}`;
    const outcome = prepared.get(key) ?? prepare(request);
    prepared.set(key, outcome);
    return new Promise((resolve) => loop.post(() => resolve(outcome), random.below(3_000)));
  }

  #serve(input: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (thread: PoolThread): void => {
        thread.isBusy = true;
        const { loop, random } = this.#world;
        loop.post(() => {
          if (this.#destroyed) return;
          thread.worker = new WorkerThread(this.#world, input as WorkerStart, thread.threadId, {
            finished: () => loop.post(resolve),
            threw: () => loop.post(() => reject(new Error('the loop broke off'))),
            exited: () => this.#exited(thread, reject),
          });
        }, random.below(START_MAX_US));
      };
      const free = this.threads.find((thread) => !thread.isBusy);
      if (free === undefined) this.#waiting.push(begin);
      else begin(free);
    });
  }

  // As the package does: the task fails, another thread takes the place, then the end is told.
  #exited(thread: PoolThread, reject: (error: Error) => void): void {
    const { loop, random } = this.#world;
    loop.post(() => {
      reject(new Error('the thread ended'));
      const at = this.threads.indexOf(thread);
      if (at >= 0) this.threads.splice(at, 1);
      const successor = new PoolThread();
      this.threads.push(successor);
      const next = this.#waiting.shift();
      if (next !== undefined) next(successor);
      thread.emit('exit', 1);
    }, random.below(3_000));
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    for (const thread of this.threads) thread.worker?.terminate();
  }
}
