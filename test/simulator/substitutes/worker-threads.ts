import { EventEmitter } from 'node:events';
import { world } from '../world.js';
import { startWriter } from '../writer-thread.js';

/*
 * In the place of node:worker_threads. Messages are handed over as they are, not cloned; they reach
 * the main thread as a task of its event loop, and another thread when that looks.
 */

/** Every thread here may wait, the simulator says who is the main one. */
export const isMainThread = false;
export const parentPort = null;
export const workerData = undefined;

class Port {
  readonly #queue: unknown[] = [];
  other: Port | undefined;
  #listener: ((message: unknown) => void) | undefined;
  #closed = false;

  postMessage(message: unknown): void {
    this.other?.take(message);
  }

  take(message: unknown): void {
    if (this.#closed) return;
    if (this.#listener === undefined) {
      this.#queue.push(message);
      return;
    }
    this.#deliver(message);
  }

  #deliver(message: unknown): void {
    world()?.loop.post(() => {
      if (!this.#closed) this.#listener?.(message);
    });
  }

  on(_event: 'message', listener: (message: unknown) => void): this {
    this.#listener = listener;
    for (const message of this.#queue.splice(0)) this.#deliver(message);
    return this;
  }

  close(): void {
    this.#closed = true;
  }

  ref(): void {}

  unref(): void {}

  shift(): { message: unknown } | undefined {
    return this.#queue.length === 0 ? undefined : { message: this.#queue.shift() };
  }
}

export class MessageChannel {
  readonly port1 = new Port();
  readonly port2 = new Port();

  constructor() {
    this.port1.other = this.port2;
    this.port2.other = this.port1;
  }
}

export function receiveMessageOnPort(port: Port): { message: unknown } | undefined {
  return port.shift();
}

/** The store's writer: the only thread that the product starts by itself. */
export class Worker extends EventEmitter {
  constructor(url: URL, { workerData: start }: { workerData: unknown }) {
    super();
    if (!url.pathname.endsWith('/writer-thread.js')) throw new Error(`unknown thread ${url}`);
    startWriter(this, start);
  }

  ref(): void {}

  unref(): void {}

  async terminate(): Promise<number> {
    return 1;
  }
}
