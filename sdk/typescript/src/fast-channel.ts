import { decode } from '@msgpack/msgpack';
import { batchFrame, encodeEntry } from './batch-frame.js';
import { timedOut } from './deadline.js';
import { CaxtonError, type ErrorBody } from './error.js';
import { Link, type LinkHandlers } from './link.js';
import type { DeliveryOptions, SendMessageInput } from './operation-types.js';
import type { Settings } from './options.js';
import { type PendingSend, SendQueue } from './send-queue.js';

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
}

export interface FastSendOptions {
  /** Takes the message back while it waits; once it is under way only its promise ends. */
  readonly signal?: AbortSignal;
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

const DEFAULTS: Required<FastOptions> = Object.freeze({
  maxPending: 10_000,
  maxPendingBytes: 16 * 1024 * 1024,
  batchMessages: 1_000,
  batchBytes: 256 * 1024,
  batchesInFlight: 4,
  timeoutMs: 30_000,
  resend: false,
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
  #window: number;
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
    this.#options = { ...DEFAULTS, ...options };
    checkOptions(this.#options);
    this.#window = this.#options.batchesInFlight;
    this.#batchMost = this.#options.batchMessages;
    this.#queue = new SendQueue(this.#options.maxPending, this.#options.maxPendingBytes);
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
   * @throws CaxtonError with the code of the refusal; RESOURCE_LIMIT_EXCEEDED when `maxPending` is
   * reached, which `ready` avoids; UNREACHABLE when the connection was lost before the answer, so
   * that nobody knows whether it was accepted
   */
  send(message: FastMessage, options: FastSendOptions = {}): Promise<FastSent> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) throw this.#closed;
      options.signal?.throwIfAborted();
      const key = this.#options.resend ? this.#queue.nextKey() : undefined;
      const delivery = key ? { idempotency_key: key, ...options.delivery } : options.delivery;
      const bytes = encodeEntry(message, delivery);
      this.#queue.add(bytes, resolve, reject, options.signal);
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
    const { batchBytes, timeoutMs } = this.#options;
    while (this.#link.isOpen && this.#resume === undefined && this.#inFlight.size < this.#window) {
      const entries = this.#queue.take(this.#batchMost, batchBytes);
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
    const limited: PendingSend[] = [];
    for (const { index, error } of answer.errors ?? []) {
      const entry = batch.entries[index] as PendingSend;
      const failure = CaxtonError.fromBody(error);
      if (failure.code === 'RATE_LIMITED') {
        limited.push(entry);
        this.#pause(failure.retryAfterMs ?? 1_000);
      } else this.#queue.fail(entry, failure);
    }
    answer.message_ids?.forEach((id, index) => {
      if (id !== null) this.#queue.succeed(batch.entries[index] as PendingSend, id);
    });
    if (limited.length > 0) this.#queue.putBack(limited);
    // Sending what will be refused costs both sides, so a batch is about what the rate lets in.
    const admitted = batch.entries.length - limited.length;
    this.#batchMost =
      limited.length > 0
        ? Math.max(1, admitted)
        : Math.min(this.#options.batchMessages, this.#batchMost * 2);
    this.#flush();
  }

  /**
   * The rate is used up: those that were refused for it go first when it allows, and from now on one
   * batch at a time, so that none overtakes them.
   */
  #pause(delayMs: number): void {
    this.#window = 1;
    if (this.#resume !== undefined) return;
    this.#resume = setTimeout(() => {
      this.#resume = undefined;
      this.#flush();
    }, delayMs);
  }

  #lost(error: CaxtonError): void {
    const entries = this.#takeInFlight();
    if (this.#options.resend) this.#queue.putBack(entries);
    else for (const entry of entries) this.#queue.fail(entry, error);
  }

  #takeInFlight(): PendingSend[] {
    const batches = [...this.#inFlight.values()];
    this.#inFlight.clear();
    for (const { timer } of batches) clearTimeout(timer);
    return batches.flatMap(({ entries }) => entries);
  }

  #end(error: CaxtonError): void {
    this.#closed ??= error;
    clearTimeout(this.#resume);
    this.#resume = undefined;
    this.#link.close();
    for (const entry of this.#takeInFlight()) this.#queue.fail(entry, error);
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

function closedError(): CaxtonError {
  return new CaxtonError({ code: 'CLOSED', message: 'The fast channel was closed.' });
}
