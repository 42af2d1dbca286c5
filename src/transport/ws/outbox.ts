import type { UwsWebSocket } from '../uws-loader.js';

/** Bytes that are gathered before they go to the socket, whatever else is to come. */
const FLUSH_BYTES = 32 * 1024;

/**
 * What goes out on one connection. Frames that are put in one turn of the event loop leave together
 * in one write; each would otherwise cost a system call.
 */
export class Outbox {
  readonly #socket: UwsWebSocket<unknown>;
  #frames: Array<string | Uint8Array> = [];
  // Characters for text: never more than its bytes, and free to know.
  #gatheredBytes = 0;
  #socketIsFull = false;
  #open = true;

  constructor(socket: UwsWebSocket<unknown>) {
    this.#socket = socket;
  }

  /** Bytes that the client has not taken yet. */
  get pendingBytes(): number {
    if (!this.#open) return 0;
    return this.#gatheredBytes + (this.#socketIsFull ? this.#socket.getBufferedAmount() : 0);
  }

  put(frame: string | Uint8Array): void {
    if (!this.#open) return;
    this.#frames.push(frame);
    this.#gatheredBytes += frame.length;
    // Flushed early, so that what is pending beyond this is the socket's, which tells when it drains.
    if (this.#gatheredBytes > FLUSH_BYTES) this.#flush();
    else if (this.#frames.length === 1) queueMicrotask(() => this.#flush());
  }

  /** The socket took some of what it had buffered. */
  drained(): void {
    this.#socketIsFull = this.#socket.getBufferedAmount() > 0;
  }

  /** Sends what was put, then a close frame. */
  end(code: number, reason: string): void {
    if (!this.#open) return;
    this.#flush();
    this.#open = false;
    this.#socket.end(code, reason);
  }

  /** The connection is gone: the socket must not be touched any more. */
  closed(): void {
    this.#open = false;
    this.#frames = [];
  }

  #flush(): void {
    if (!this.#open || this.#frames.length === 0) return;
    const frames = this.#frames;
    this.#frames = [];
    this.#gatheredBytes = 0;
    this.#socket.cork(() => {
      for (const frame of frames) this.#socket.send(frame, typeof frame !== 'string');
    });
    // Only behind the cork is it known how much the network took.
    this.#socketIsFull = this.#socket.getBufferedAmount() > 0;
  }
}
