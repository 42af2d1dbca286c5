import { MessageChannel, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { LIMITS } from '../base/limits.js';
import type { Logger } from '../base/log.js';
import { Patience } from '../ring/patience.js';
import { type ControlReply, DOORBELL, type WorkerStart } from '../wire/control.js';
import type { Leftovers } from './leftovers.js';
import { type ReplySink, WorkerChannel } from './worker-channel.js';

export interface PoolOptions {
  readonly workers: number;
  readonly ringBytes: number;
  readonly contentBytes: number;
  readonly logger: Logger;
}

export interface PoolListener extends ReplySink {
  /** A worker died; its successor is on its way, unless the pool is closed. */
  workerDied(channel: WorkerChannel, leftovers: Leftovers): void;
  /** A successor is there and has no agents yet. */
  workerReplaced(channel: WorkerChannel): void;
}

// Frames given to the runtime before sockets get their turn again.
const DRAIN_BUDGET = 512;
// Turns of the event loop in which the main thread looks by itself before it asks for the doorbell:
// under load a reply is there by then, and neither side pays for a message between threads.
const POLL_TURNS = 4;
/** A worker that has more to do may leave the bell for a tenth of that. */
const LOOK_AGAIN_MS = 1;
/** With no more than so many messages at workers, looking longer may be shorter than being woken. */
const FEW_IN_FLIGHT = 2;

interface Seat {
  channel: WorkerChannel;
  /** Whose thread it waits for, or has. */
  piscina: Piscina;
  thread: Worker | undefined;
  /** The thread was told to end. */
  ending: boolean;
  ready: Promise<void>;
  /** Ends with the loop, however it ends. */
  task: Promise<void>;
}

/** A fixed number of worker threads, each with one long-running loop, replaced when they die. */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #listener: PoolListener;
  /** The last one is used; those before it failed to start a thread and never will again. */
  readonly #piscinas: Piscina[];
  readonly #seats: Seat[] = [];
  /** Threads whose end is looked out for, whether a seat has them yet or not. */
  readonly #watched = new WeakSet<Worker>();
  #closing = false;
  #polling = false;
  #turnsLeft = 0;
  readonly #patience = new Patience();
  /** Since when replies are awaited, or the last ones came. */
  #waitingSinceMs = 0;
  /** Since it was asked for last: only shortly after it rang may a worker leave it. */
  #bellRang = false;
  /** Runs after the bell was asked for, once, while workers have something in hand. */
  readonly #lookAgain = setTimeout(() => this.#look(), LOOK_AGAIN_MS).unref();

  constructor(options: PoolOptions, listener: PoolListener) {
    this.#options = options;
    this.#listener = listener;
    this.#piscinas = [createThreads(options.workers)];
  }

  get channels(): readonly WorkerChannel[] {
    return this.#seats.map((seat) => seat.channel);
  }

  /** Resolves when every worker's loop runs. */
  async start(): Promise<void> {
    for (let index = 0; index < this.#options.workers; index++)
      this.#seats.push(this.#open(index, 1));
    await Promise.all(this.#seats.map((seat) => seat.ready));
  }

  /** Something was handed to a worker: looks for its answer after the present turn. */
  expectReplies(): void {
    if (!this.#polling) this.#waitingSinceMs = performance.now();
    this.#look();
  }

  #look(): void {
    this.#turnsLeft = POLL_TURNS;
    if (this.#polling) return;
    this.#polling = true;
    setImmediate(this.#poll);
  }

  /**
   * Takes now what workers have answered, for whoever hands over many messages in one turn of the
   * event loop: what waits in mailboxes follows, and no worker runs out of work meanwhile.
   */
  takeReplies(): void {
    if (!this.#polling) return;
    for (const { channel } of this.#seats) {
      channel.wake();
      channel.drain(this.#listener, DRAIN_BUDGET);
    }
  }

  /** Ends a worker that hangs. What it had in hand counts as failed. */
  kill(channel: WorkerChannel): void {
    const seat = this.#seats[channel.index];
    if (seat?.channel === channel) this.#endThread(seat);
  }

  #endThread(seat: Seat): void {
    if (seat.thread === undefined || seat.ending) return;
    seat.ending = true;
    void seat.thread.terminate();
    setTimeout(() => this.#abandon(seat), LIMITS.worker_exit_ms).unref();
  }

  // The engine ends a thread where it looks whether it should, and there are places where it doesn't
  // for long. Nothing that such a thread still publishes is read, so that its agents can go on in a
  // successor; its place in its Piscina stays taken, however.
  #abandon(seat: Seat): void {
    if (this.#closing || seat.channel.dead) return;
    if (this.#piscinas.at(-1) === seat.piscina) {
      this.#piscinas.push(createThreads(this.#options.workers));
    }
    this.#died(seat, new Error(`the thread did not end within ${LIMITS.worker_exit_ms} ms`));
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#lookAgain);
    for (const seat of this.#seats) seat.channel.exit();
    // A loop that hangs in a message is ended with its thread, which may hang itself.
    await soon(Promise.all(this.#seats.map((seat) => seat.task)));
    for (const { channel } of this.#seats) {
      if (channel.dead) continue;
      const leftovers = channel.bury(this.#listener);
      const some = leftovers.inHand !== undefined || leftovers.waiting.length > 0;
      if (some) this.#listener.workerDied(channel, leftovers);
    }
    await soon(Promise.all(this.#piscinas.map((piscina) => piscina.destroy())));
  }

  readonly #poll = (): void => {
    let more = false;
    let taken = 0;
    let inFlight = 0;
    let hasAnswers = false;
    for (const { channel } of this.#seats) {
      channel.wake();
      more = channel.drain(this.#listener, DRAIN_BUDGET) || more;
      taken += channel.taken;
      hasAnswers = hasAnswers || channel.hasAnswers;
    }
    // Behind all of it: what one worker's agents sent to those of another is to be announced still.
    for (const { channel } of this.#seats) inFlight += channel.inFlight;
    const waitedMs = this.#waited(taken);
    if (more && !this.#listener.ready()) {
      // The history is behind: come back later rather than turn in a circle.
      setTimeout(this.#poll, 1);
      return;
    }
    this.#turnsLeft -= 1;
    const isShort = inFlight <= FEW_IN_FLIGHT && waitedMs * 1_000 < this.#patience.us;
    const looksOn = (inFlight > 0 || hasAnswers) && (this.#turnsLeft > 0 || isShort);
    if (more || looksOn || !this.#armAll()) {
      setImmediate(this.#poll);
      return;
    }
    this.#polling = false;
    if (inFlight > 0 && this.#bellRang) this.#lookAgain.refresh();
    this.#bellRang = false;
  };

  /** @returns for how long nothing has come, in milliseconds */
  #waited(taken: number): number {
    const nowMs = performance.now();
    const waitedMs = nowMs - this.#waitingSinceMs;
    if (taken === 0) return waitedMs;
    this.#patience.waited(waitedMs * 1_000);
    this.#waitingSinceMs = nowMs;
    return 0;
  }

  #armAll(): boolean {
    let armed = true;
    for (const seat of this.#seats) armed = seat.channel.arm() && armed;
    return armed;
  }

  #open(index: number, generation: number): Seat {
    const { port1, port2 } = new MessageChannel();
    const channel = new WorkerChannel(index, generation, this.#options.ringBytes, port1);
    const start: WorkerStart = {
      workerIndex: index,
      generation,
      requestRing: channel.requestRing,
      replyRing: channel.replyRing,
      status: channel.status.buffer,
      port: port2,
      contentBytes: this.#options.contentBytes,
      dataBytes: LIMITS.data_bytes_per_worker,
    };
    const piscina = this.#piscinas.at(-1) as Piscina;
    const seat: Seat = {
      channel,
      piscina,
      thread: undefined,
      ending: false,
      ready: Promise.resolve(),
      task: Promise.resolve(),
    };
    channel.onBroken = (reason) => {
      this.#options.logger.error({ err: reason, worker: index }, 'worker’s rings are corrupt');
      this.#endThread(seat);
    };
    seat.ready = new Promise((resolve, reject) => {
      port1.on('message', (reply: ControlReply | typeof DOORBELL) => {
        if (reply === DOORBELL) {
          this.#bellRang = true;
          this.#look();
        } else if (reply.verb === 'ready') {
          this.#watchThread(seat, reply.threadId);
          resolve();
        } else {
          channel.answered(reply);
          if (channel.hasAnswers) this.expectReplies();
        }
      });
      seat.task = piscina.run(start, { transferList: [port2] }).catch((error: unknown) => {
        reject(error);
        if (this.#closing || channel.dead) return;
        // Dead before it was ready: there is no thread whose exit could be watched.
        if (seat.thread === undefined) return this.#died(seat, error);
        this.#options.logger.error({ err: error, worker: index }, 'worker failed');
        // A loop that broke off leaves its thread alive, and nobody would serve its agents.
        this.#endThread(seat);
      });
    });
    seat.ready.catch(() => undefined);
    this.#watchStart(seat);
    this.#watchBirths(piscina);
    return seat;
  }

  #watchStart(seat: Seat): void {
    const timer = setTimeout(() => {
      if (seat.thread !== undefined) return;
      this.#giveUp(seat.piscina, `no worker thread within ${LIMITS.worker_start_ms} ms`);
    }, LIMITS.worker_start_ms);
    timer.unref();
    void seat.ready.then(() => clearTimeout(timer)).catch(() => undefined);
  }

  // A Piscina whose thread dies before it is ready starts no thread any more, and the tasks it has
  // wait for ever.
  #watchBirths(piscina: Piscina): void {
    for (const thread of piscina.threads) {
      if (this.#watched.has(thread)) continue;
      this.#watched.add(thread);
      thread.once('exit', () => {
        // Piscina's own listener came first: by now it has started another thread, if it ever will.
        if (piscina.threads.length < this.#options.workers) {
          this.#giveUp(piscina, 'the thread died before it was ready');
        } else this.#watchBirths(piscina);
      });
    }
  }

  /** A Piscina that starts no thread any more: a new one does for the seats that wait for one. */
  #giveUp(piscina: Piscina, reason: string): void {
    if (this.#closing) return;
    if (this.#piscinas.at(-1) === piscina) {
      this.#piscinas.push(createThreads(this.#options.workers));
    }
    for (const seat of this.#seats) {
      if (seat.piscina === piscina && seat.thread === undefined)
        this.#died(seat, new Error(reason));
    }
  }

  // A thread has ended when its exit event tells so; an error, or the end of its task, comes before.
  #watchThread(seat: Seat, threadId: number): void {
    const threads = this.#piscinas.flatMap((piscina) => piscina.threads);
    seat.thread = threads.find((thread) => thread.threadId === threadId);
    seat.thread?.once('exit', (code) => this.#died(seat, new Error(`exit code ${code}`)));
  }

  #died(seat: Seat, reason: unknown): void {
    const { channel } = seat;
    if (this.#closing || channel.dead) return;
    this.#options.logger.error({ err: reason, worker: channel.index }, 'worker died; replacing it');
    const leftovers = channel.bury(this.#listener);
    this.#listener.workerDied(channel, leftovers);
    setTimeout(() => void this.#replace(channel), LIMITS.worker_restart_backoff_ms);
  }

  async #replace(dead: WorkerChannel): Promise<void> {
    if (this.#closing) return;
    const seat = this.#open(dead.index, dead.generation + 1);
    this.#seats[dead.index] = seat;
    try {
      await seat.ready;
    } catch {
      return;
    }
    this.#listener.workerReplaced(seat.channel);
  }
}

function createThreads(workers: number): Piscina {
  const piscina = new Piscina({
    filename: new URL('../worker/agent-worker.js', import.meta.url).href,
    minThreads: workers,
    maxThreads: workers,
    idleTimeout: Number.POSITIVE_INFINITY,
    concurrentTasksPerWorker: 1,
    // Agents' worker threads see nothing of the server's environment.
    env: {},
    // A worker whose JavaScript heap fills up dies alone instead of with the whole process.
    resourceLimits: { maxOldGenerationSizeMb: LIMITS.worker_heap_mb },
  });
  // A dying thread is reported by the task it ran; without a listener the process would end.
  piscina.on('error', () => undefined);
  return piscina;
}

/** Waits for it as long as a thread is given to end. */
function soon(event: Promise<unknown>): Promise<unknown> {
  const enough = new Promise((resolve) => setTimeout(resolve, LIMITS.worker_exit_ms).unref());
  return Promise.race([event, enough]);
}
