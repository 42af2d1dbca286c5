import type { StreamedEvent } from '../../runtime/streamed-event.js';
import type { UwsWebSocket } from '../uws-loader.js';
import type { Flushable, Turn } from './turn.js';

/** Bytes that are gathered before they go to the socket, whatever else is to come. */
const FLUSH_BYTES = 32 * 1024;

/** An answer, or an event, behind which the id of its subscription stands. */
type Entry = string | Uint8Array | StreamedEvent;

/**
 * What goes out on one connection. Frames that are put in one turn of the event loop leave together
 * in one write; each would otherwise cost a system call.
 */
export class Outbox implements Flushable {
  readonly #socket: UwsWebSocket<unknown>;
  readonly #turn: Turn;
  #entries: Entry[] = [];
  // Characters for text: never more than its bytes, and free to know.
  #gatheredBytes = 0;
  #isWaiting = false;
  #socketIsFull = false;
  #open = true;

  constructor(socket: UwsWebSocket<unknown>, turn: Turn) {
    this.#socket = socket;
    this.#turn = turn;
  }

  /** Bytes that the client has not taken yet. */
  get pendingBytes(): number {
    if (!this.#open) return 0;
    return this.#gatheredBytes + (this.#socketIsFull ? this.#socket.getBufferedAmount() : 0);
  }

  /** What waits in the socket itself, whoever put it there. */
  get bufferedBytes(): number {
    return this.#open ? this.#socket.getBufferedAmount() : 0;
  }

  put(frame: string | Uint8Array): void {
    if (!this.#open) return;
    this.#entries.push(frame);
    this.#gathered(frame.length);
  }

  /** @param subscriptionId in ASCII */
  putEvent(event: StreamedEvent, subscriptionId: Uint8Array): void {
    if (!this.#open) return;
    this.#entries.push(event, subscriptionId);
    this.#gathered(event.jsonBytes(subscriptionId.length));
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
    this.#entries = [];
  }

  /** The turn ends. */
  flush(): void {
    this.#isWaiting = false;
    this.#flush();
  }

  #gathered(bytes: number): void {
    this.#gatheredBytes += bytes;
    // Flushed early, so that what is pending beyond this is the socket's, which tells when it drains.
    if (this.#gatheredBytes > FLUSH_BYTES) this.#flush();
    else if (!this.#isWaiting) {
      this.#isWaiting = true;
      this.#turn.add(this);
    }
  }

  #flush(): void {
    if (!this.#open || this.#entries.length === 0) return;
    const entries = this.#entries;
    this.#entries = [];
    this.#gatheredBytes = 0;
    this.#socket.cork(() => sendAll(this.#socket, entries));
    // Only behind the cork is it known how much the network took.
    this.#socketIsFull = this.#socket.getBufferedAmount() > 0;
  }
}

function sendAll(socket: UwsWebSocket<unknown>, entries: readonly Entry[]): void {
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i]!;
    if (typeof entry === 'string') socket.send(entry, false);
    else if (entry instanceof Uint8Array) socket.send(entry, true);
    // The library copies what it is given before it returns.
    else socket.send(entry.jsonFor(entries[++i] as Uint8Array), false);
  }
}
