import { after, timedOut } from './deadline.js';
import { CaxtonError } from './error.js';
import { Lane } from './lane.js';
import { randomKey } from './random-key.js';

/** Largest message that goes into a frame, which the server bounds at 16 MiB, with room to spare. */
const MESSAGE_BYTES_MAX = 15 * 1024 * 1024;

export interface SendBounds {
  readonly maxPending: number;
  readonly maxPendingBytes: number;
  readonly batchMessages: number;
  readonly batchBytes: number;
  /** Whether messages to one receiver are in one unanswered batch at a time. */
  readonly ordered: boolean;
}

/** What somebody wants to send, and how they hear of it. */
export interface Send {
  readonly receiver: string;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal | undefined;
  readonly timeoutMs: number | undefined;
  resolve(sent: { readonly message_id: string }): void;
  reject(error: unknown): void;
}

/** A message from its send to its answer. */
export interface PendingSend {
  readonly send: Send;
  readonly lane: Lane;
  /** Its place among all of the channel. */
  readonly sequence: number;
  readonly bytes: Uint8Array;
  /** Why it was refused for the time being, when it was. */
  refusal: CaxtonError | undefined;
  underWay: boolean;
  settled: boolean;
  /** Ends what watches its signal and its time. */
  forget: (() => void) | undefined;
}

/** A message that is to be sent again. */
export interface Again {
  readonly entry: PendingSend;
  readonly refusal: CaxtonError;
  /** When its receiver may have room; undefined = it is not the receiver that has none. */
  readonly roomAfterMs: number | undefined;
}

/** Messages of a fast channel, by receivers in their order, and how many of them there may be. */
export class SendQueue {
  readonly #bounds: SendBounds;
  readonly #onReady: () => void;
  readonly #keyHead = randomKey();
  readonly #lanes = new Map<string, Lane>();
  /** Those that may send, in turn. */
  readonly #ready = new Set<Lane>();
  #sequence = 0;
  #pending = 0;
  #pendingBytes = 0;
  #roomWaiters: Array<() => void> = [];
  #idleWaiters: Array<() => void> = [];

  /** @param onReady is called when a receiver that had no room may be tried again */
  constructor(bounds: SendBounds, onReady: () => void) {
    this.#bounds = bounds;
    this.#onReady = onReady;
  }

  get pending(): number {
    return this.#pending;
  }

  /** For the next message that is added. */
  nextKey(): string {
    return `${this.#keyHead}-${this.#sequence + 1}`;
  }

  /** @throws CaxtonError CHANNEL_FULL when there is no room; RESOURCE_LIMIT_EXCEEDED when too large */
  add(send: Send): void {
    if (send.bytes.length > MESSAGE_BYTES_MAX) throw tooLarge(send.bytes.length);
    if (!this.#hasRoom()) throw this.#full();
    const lane = this.#laneOf(send.receiver);
    const entry: PendingSend = {
      send,
      lane,
      sequence: ++this.#sequence,
      bytes: send.bytes,
      refusal: undefined,
      underWay: false,
      settled: false,
      forget: undefined,
    };
    if (send.signal !== undefined || send.timeoutMs !== undefined) this.#watch(entry);
    lane.waiting.push(entry);
    this.#pending += 1;
    this.#pendingBytes += send.bytes.length;
    this.#offer(lane);
  }

  /** The next batch: in turn from each receiver that may be sent to; at least one, however large. */
  take(mostMessages: number): PendingSend[] {
    const taken: PendingSend[] = [];
    let bytesLeft = this.#bounds.batchBytes;
    for (const lane of this.#ready) {
      if (taken.length >= mostMessages || (taken.length > 0 && bytesLeft <= 0)) break;
      const some = lane.take(mostMessages - taken.length, bytesLeft, taken.length === 0);
      // The next one is larger than what is left.
      if (some.length === 0 && lane.waiting.length > 0) break;
      this.#ready.delete(lane);
      if (some.length > 0) lane.underWay += 1;
      for (const entry of some) {
        entry.underWay = true;
        bytesLeft -= entry.bytes.length;
        taken.push(entry);
      }
      if (!this.#bounds.ordered && lane.waiting.length > 0) this.#ready.add(lane);
      this.#dropIfIdle(lane);
    }
    return taken;
  }

  /** A batch was answered: all of its messages are settled but for those to be sent again. */
  answered(batch: readonly PendingSend[], again: readonly Again[]): void {
    const refusedOf = byLane(again, ({ entry }) => entry.lane);
    for (const [lane, { length: sent }] of byLane(batch, (entry) => entry.lane)) {
      lane.underWay -= 1;
      const refused = refusedOf.get(lane);
      if (refused === undefined) lane.accepted();
      else this.#sendAgain(lane, sent, refused);
      this.#offer(lane);
      this.#dropIfIdle(lane);
    }
  }

  /** The connection is lost, and these are to be sent once more. */
  putBack(batch: readonly PendingSend[]): void {
    for (const [lane, entries] of byLane(batch, (entry) => entry.lane)) {
      lane.underWay -= 1;
      for (const entry of entries) entry.underWay = false;
      lane.putBack(entries);
      this.#offer(lane);
      this.#dropIfIdle(lane);
    }
  }

  succeed(entry: PendingSend, messageId: string): void {
    if (this.#settle(entry)) entry.send.resolve({ message_id: messageId });
  }

  fail(entry: PendingSend, error: unknown): void {
    if (this.#settle(entry)) entry.send.reject(error);
  }

  failAll(error: unknown): void {
    for (const lane of [...this.#lanes.values()]) {
      clearTimeout(lane.timer);
      for (const entry of lane.waiting.splice(0)) this.fail(entry, error);
    }
    this.#lanes.clear();
    this.#ready.clear();
  }

  whenRoom(): Promise<void> {
    if (this.#hasRoom()) return Promise.resolve();
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  whenIdle(): Promise<void> {
    if (this.#pending === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  #sendAgain(lane: Lane, sent: number, refused: readonly Again[]): void {
    let asked_ms: number | undefined;
    for (const { entry, refusal, roomAfterMs } of refused) {
      entry.refusal = refusal;
      entry.underWay = false;
      if (roomAfterMs !== undefined) asked_ms = Math.max(asked_ms ?? 0, roomAfterMs);
    }
    lane.putBack(refused.map(({ entry }) => entry));
    if (asked_ms === undefined) return;
    const pause_ms = lane.refused(sent, refused.length, asked_ms);
    this.#ready.delete(lane);
    lane.timer ??= setTimeout(() => {
      lane.timer = undefined;
      this.#offer(lane);
      this.#dropIfIdle(lane);
      this.#onReady();
    }, pause_ms);
  }

  #laneOf(receiver: string): Lane {
    let lane = this.#lanes.get(receiver);
    if (lane === undefined) {
      lane = new Lane(receiver, this.#bounds.batchMessages);
      this.#lanes.set(receiver, lane);
    }
    return lane;
  }

  #offer(lane: Lane): void {
    const isFree = lane.timer === undefined && (lane.underWay === 0 || !this.#bounds.ordered);
    if (isFree && lane.waiting.length > 0) this.#ready.add(lane);
  }

  #dropIfIdle(lane: Lane): void {
    const isIdle = lane.waiting.length === 0 && lane.underWay === 0 && lane.timer === undefined;
    if (!isIdle) return;
    this.#ready.delete(lane);
    this.#lanes.delete(lane.receiver);
  }

  #watch(entry: PendingSend): void {
    const { signal, timeoutMs } = entry.send;
    const abort = (): void => this.fail(entry, signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const expire = (): void =>
      this.fail(entry, entry.refusal ?? timedOut('The send', timeoutMs as number));
    const stopTimer = after(timeoutMs ?? Number.POSITIVE_INFINITY, expire);
    entry.forget = () => {
      stopTimer();
      signal?.removeEventListener('abort', abort);
    };
  }

  #hasRoom(): boolean {
    const { maxPending, maxPendingBytes } = this.#bounds;
    return this.#pending < maxPending && this.#pendingBytes < maxPendingBytes;
  }

  #settle(entry: PendingSend): boolean {
    if (entry.settled) return false;
    entry.settled = true;
    entry.forget?.();
    if (!entry.underWay) entry.lane.tookBack();
    this.#pending -= 1;
    this.#pendingBytes -= entry.bytes.length;
    if (this.#hasRoom()) {
      // No more than there is room for: each of them sends one.
      const room = this.#bounds.maxPending - this.#pending;
      for (const wake of this.#roomWaiters.splice(0, room)) wake();
    }
    if (this.#pending === 0) for (const wake of this.#idleWaiters.splice(0)) wake();
    return true;
  }

  #full(): CaxtonError {
    const { maxPending, maxPendingBytes } = this.#bounds;
    const pending = `${this.#pending} messages of ${this.#pendingBytes} bytes`;
    return new CaxtonError({
      code: 'CHANNEL_FULL',
      message: `${pending} wait in this channel, which takes ${maxPending} of ${maxPendingBytes} bytes; await ready() before each send.`,
      details: { limit: maxPending, limit_bytes: maxPendingBytes },
    });
  }
}

function byLane<T>(items: readonly T[], laneOf: (item: T) => Lane): Map<Lane, T[]> {
  const groups = new Map<Lane, T[]>();
  for (const item of items) {
    const group = groups.get(laneOf(item));
    if (group === undefined) groups.set(laneOf(item), [item]);
    else group.push(item);
  }
  return groups;
}

function tooLarge(bytes: number): CaxtonError {
  return new CaxtonError({
    code: 'RESOURCE_LIMIT_EXCEEDED',
    message: `The message has ${bytes} bytes; the limit is ${MESSAGE_BYTES_MAX}.`,
    details: { limit_bytes: MESSAGE_BYTES_MAX },
  });
}
