import { decode } from '@msgpack/msgpack';
import { batchFrame, encodeEntry } from './batch-frame.js';
import { timedOut } from './deadline.js';
import { CaxtonError, type ErrorBody } from './error.js';
import { Link, type LinkHandlers } from './link.js';
import type { DeliveryOptions, SendMessageInput } from './operation-types.js';
import type { Settings } from './options.js';
import { type Again, type PendingSend, SendQueue } from './send-queue.js';

/** A message for the fast channel, which doesn't wait for answers. */
export type FastMessage = Omit<
  SendMessageInput,
  'options' | 'wait' | 'timeout_ms' | 'until' | 'message_id' | 'timestamp'
>;

export interface FastOptions {
  /** Messages that may be under way or waiting; further ones are refused. Default 10,000. */
  readonly maxPending?: number;
  /** The same in bytes; default 16 MiB. */
  readonly maxPendingBytes?: number;
  /** Most messages of a batch, up to 10,000; default 1,000. */
  readonly batchMessages?: number;
  /** A batch is sent at this size; default 256 KiB. */
  readonly batchBytes?: number;
  /** Batches that may be unanswered; 1 = the next waits for the answer. Default 4. */
  readonly batchesInFlight?: number;
  /** An unanswered batch makes a new connection; default 30,000. */
  readonly timeoutMs?: number;
  /**
   * Send again what was unanswered when the connection was lost: each message then carries an
   * idempotency key, so that none is delivered twice. Otherwise those are rejected. Default false.
   */
  readonly resend?: boolean;
  /**
   * Whether messages to one receiver keep their order whatever is refused and sent again: they are
   * then in one unanswered batch at a time. Default true.
   */
  readonly ordered?: boolean;
  /**
   * Whether messages that are refused for the time being are sent again, as those to a full mailbox
   * are. Default true, unless the client has `retry: false`.
   */
  readonly retry?: boolean;
}

export interface FastSendOptions {
  /** Takes the message back while it waits; once it is under way only its promise ends. */
  readonly signal?: AbortSignal;
  /**
   * Most that it may take until it is accepted; default: no end. It then rejects with the refusal
   * that it had, or TIMEOUT.
   */
  readonly timeoutMs?: number;
  readonly delivery?: Omit<DeliveryOptions, 'timeout_ms'>;
}

export interface FastSent {
  readonly message_id: string;
}

interface Batch {
  readonly entries: readonly PendingSend[];
  readonly timer: ReturnType<typeof setTimeout>;
}

interface BatchAnswer {
  readonly type: string;
  readonly ids?: ReadonlyArray<number | null>;
  readonly message_ids?: ReadonlyArray<string | null>;
  readonly errors?: ReadonlyArray<{ readonly index: number; readonly error: ErrorBody }>;
  readonly error?: ErrorBody;
}

const DEFAULTS = Object.freeze({
  maxPending: 10_000,
  maxPendingBytes: 16 * 1024 * 1024,
  batchMessages: 1_000,
  batchBytes: 256 * 1024,
  batchesInFlight: 4,
  timeoutMs: 30_000,
  resend: false,
  ordered: true,
});
const BATCH_MESSAGES_MAX = 10_000;

/**
 * The way in for many messages: what is sent in one turn of the event loop goes as one batch of
 * MessagePack over a WebSocket of the channel's own.
 */
export class FastChannel {
  readonly #options: Required<FastOptions>;
  readonly #link: Link;
  readonly #queue: SendQueue;
  /** By number, in the order of sending. */
  readonly #inFlight = new Map<number, Batch>();
  readonly #onClosed: () => void;
  #batches = 0;
  /** Most messages of the next batch: fewer than allowed while the rate is used up. */
  #batchMost: number;
  #flushing = false;
  #resume: ReturnType<typeof setTimeout> | undefined;
  #closed: CaxtonError | undefined;

  constructor(
    settings: Settings,
    options: FastOptions,
    mayConnect: LinkHandlers['mayConnect'],
    onClosed: () => void,
  ) {
    const retry = settings.retry.retries > 0;
    this.#options = { ...DEFAULTS, retry, ...options };
    checkOptions(this.#options);
    this.#batchMost = this.#options.batchMessages;
    this.#queue = new SendQueue(this.#options, () => this.#flush());
    this.#onClosed = onClosed;
    this.#link = new Link(settings, {
      mayConnect,
      opened: () => this.#flush(),
      received: (data) => {
        if (typeof data !== 'string') this.#answered(decode(data) as BatchAnswer);
      },
      lost: (error) => this.#lost(error),
      refused: (error) => this.#end(error),
    });
  }

  /** Messages that wait or are under way. */
  get pending(): number {
    return this.#queue.pending;
  }

  /**
   * Sends a message; resolves when the server has accepted it.
   * @throws CaxtonError with the code of the refusal; CHANNEL_FULL when `maxPending` is reached,
   * which `ready` avoids; UNREACHABLE when the connection was lost before the answer, so
   * that nobody knows whether it was accepted
   */
  send(message: FastMessage, options: FastSendOptions = {}): Promise<FastSent> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) throw this.#closed;
      const { signal, timeoutMs } = options;
      signal?.throwIfAborted();
      const key = this.#options.resend ? this.#queue.nextKey() : undefined;
      const delivery = key ? { idempotency_key: key, ...options.delivery } : options.delivery;
      const bytes = encodeEntry(message, delivery);
      const { receiver } = message;
      this.#queue.add({ receiver, bytes, signal, timeoutMs, resolve, reject });
      this.#schedule();
    });
  }

  /** Resolves when there is room for a further message: await it before each send of many. */
  ready(): Promise<void> {
    return this.#closed ? Promise.reject(this.#closed) : this.#queue.whenRoom();
  }

  /** Resolves when nothing waits or is under way any more. */
  idle(): Promise<void> {
    return this.#queue.whenIdle();
  }

  /** Waits for what is under way, then ends the connection; further sends are refused. */
  async close(): Promise<void> {
    this.#closed ??= closedError();
    await this.idle();
    this.#end(this.#closed);
  }

  /** Ends the connection now; what is not answered is rejected with CLOSED. */
  abort(): void {
    this.#end(closedError());
  }

  #schedule(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const { batchesInFlight, timeoutMs } = this.#options;
    while (this.#link.isOpen && !this.#resume && this.#inFlight.size < batchesInFlight) {
      const entries = this.#queue.take(this.#batchMost);
      if (entries.length === 0) return;
      this.#batches = (this.#batches + 1) % 2 ** 32;
      const timer = setTimeout(
        () => this.#link.renew(timedOut('A batch', timeoutMs).message),
        timeoutMs,
      );
      this.#inFlight.set(this.#batches, { entries, timer });
      this.#link.send(batchFrame(this.#batches, entries));
    }
  }

  #answered(answer: BatchAnswer): void {
    if (answer.type === 'error') {
      // Of a whole batch, and none says which; this ends them all.
      this.#link.renew(answer.error?.message ?? 'a batch was refused');
      return;
    }
    const number = answer.ids?.[0] ?? -1;
    const batch = this.#inFlight.get(number);
    if (batch === undefined) return;
    this.#inFlight.delete(number);
    clearTimeout(batch.timer);
    const again: Again[] = [];
    for (const { index, error } of answer.errors ?? []) {
      const entry = batch.entries[index] as PendingSend;
      const refusal = CaxtonError.fromBody(error);
      if (!this.#options.retry || !isForNow(refusal)) this.#queue.fail(entry, refusal);
      else if (!entry.settled) {
        const isRate = refusal.code === 'RATE_LIMITED';
        again.push({ entry, refusal, roomAfterMs: isRate ? undefined : refusal.retryAfterMs });
      }
    }
    answer.message_ids?.forEach((id, index) => {
      if (id !== null) this.#queue.succeed(batch.entries[index] as PendingSend, id);
    });
    this.#slowDown(batch.entries.length, again);
    this.#queue.answered(batch.entries, again);
    this.#flush();
  }

  /**
   * While the rate is used up nothing is sent. Sending what will be refused costs both sides, so a
   * batch is then about what the rate lets in.
   */
  #slowDown(sent: number, again: readonly Again[]): void {
    const limited = again.filter(({ roomAfterMs }) => roomAfterMs === undefined);
    const [first] = limited;
    if (first === undefined) {
      this.#batchMost = Math.min(this.#options.batchMessages, this.#batchMost * 2);
      return;
    }
    this.#batchMost = Math.max(1, sent - limited.length);
    this.#resume ??= setTimeout(() => {
      this.#resume = undefined;
      this.#flush();
    }, first.refusal.retryAfterMs ?? 1_000);
  }

  #lost(error: CaxtonError): void {
    for (const entries of this.#takeInFlight()) {
      if (!this.#options.resend) for (const entry of entries) this.#queue.fail(entry, error);
      this.#queue.putBack(entries);
    }
  }

  #takeInFlight(): Array<readonly PendingSend[]> {
    const batches = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const { timer } of batches) clearTimeout(timer);
    return batches.map(({ entries }) => entries);
  }

  #end(error: CaxtonError): void {
    this.#closed ??= error;
    clearTimeout(this.#resume);
    this.#resume = undefined;
    this.#link.close();
    for (const entry of this.#takeInFlight().flat()) this.#queue.fail(entry, error);
    this.#queue.failAll(error);
    this.#onClosed();
  }
}

function checkOptions(options: Required<FastOptions>): void {
  for (const [name, value] of Object.entries(options)) {
    if (typeof value === 'number' && !(value >= 1)) {
      throw new TypeError(`${name} must be at least 1; got ${value}.`);
    }
  }
  if (options.batchMessages > BATCH_MESSAGES_MAX) {
    throw new TypeError(`batchMessages can be at most ${BATCH_MESSAGES_MAX}.`);
  }
}

/** Whether a message was not taken, but may be later without a change. */
function isForNow({ code, retryAfterMs }: CaxtonError): boolean {
  if (code === 'RATE_LIMITED') return true;
  const mayBeLater = code === 'RESOURCE_LIMIT_EXCEEDED' || code === 'UNAVAILABLE';
  return mayBeLater && retryAfterMs !== undefined;
}

function closedError(): CaxtonError {
  return new CaxtonError({ code: 'CLOSED', message: 'The fast channel was closed.' });
}
