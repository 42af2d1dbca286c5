import { CaxtonError, invalidRequest } from '../base/errors.js';
import { newMessageId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { envelopeText, type Message } from '../fipa/message.js';
import type { Store } from '../store/store.js';
import type { Clients } from './clients.js';
import type { Directory } from './directory.js';
import { IdempotencyCache } from './idempotency-cache.js';
import type { Inboxes } from './inboxes.js';
import { type Acceptance, isGroup, type Router } from './router.js';
import type { SendOptions, SendResult, WaitResult } from './types.js';
import type { Waiters } from './waiters.js';

export interface MessagesParts {
  readonly router: Router;
  readonly waiters: Waiters;
  readonly clients: Clients;
  readonly directory: Directory;
  readonly store: Store;
  readonly inboxes: Inboxes;
}

/** About what a result's own fields take. */
const RESULT_BYTES = 256;

/** Sending from outside. */
export class Messages {
  readonly #parts: MessagesParts;
  readonly #sent = new IdempotencyCache<SendResult>({
    keys: LIMITS.idempotency_keys,
    bytes: LIMITS.idempotency_bytes,
    weigh: () => RESULT_BYTES,
  });
  readonly #answered = new IdempotencyCache<WaitResult>({
    keys: LIMITS.idempotency_keys,
    bytes: LIMITS.idempotency_bytes,
    weigh: ({ reply }) => RESULT_BYTES + envelopeText(reply).length + reply.content.length,
  });

  #closed = false;

  constructor(parts: MessagesParts) {
    this.#parts = parts;
  }

  /**
   * Accepts a message. Answers at once unless it has to wait for the disk.
   * @throws CaxtonError FORBIDDEN when the sender is an agent's or a task's name, INVALID_REQUEST
   * when it names a group, UNAVAILABLE when the server stops, and what Router.accept throws
   */
  send(message: Message, options: SendOptions): SendResult | Promise<SendResult> {
    const key = options.idempotencyKey ?? '';
    if (key === '') return this.#send(message, options);
    return this.#sent.once(`${message.sender}\n${key}`, () => this.#send(message, options));
  }

  /** Accepts a message and waits for its answer. @throws CaxtonError TIMEOUT, and as `send` */
  sendAndWait(message: Message, options: SendOptions): Promise<WaitResult> {
    const key = options.idempotencyKey ?? '';
    if (key === '') return this.#sendAndWait(message, options);
    // The wait goes on when its caller is gone: a repeated send shall find the answer.
    const attempt = () => this.#sendAndWait(message, { ...options, caller: undefined });
    return Promise.resolve(this.#answered.once(`${message.sender}\n${key}`, attempt));
  }

  #send(message: Message, options: SendOptions): SendResult | Promise<SendResult> {
    const result = sendResult(message, this.#accept(message));
    return options.persist === true ? this.#whenDurable(result) : result;
  }

  async #whenDurable(result: SendResult): Promise<SendResult> {
    await this.#parts.store.durable();
    return result;
  }

  async #sendAndWait(message: Message, options: SendOptions): Promise<WaitResult> {
    const { waiters } = this.#parts;
    message.messageId = newMessageId();
    if (message.conversationId === '') {
      message.conversationId = `conv_${message.messageId.slice(4)}`;
    }
    if (message.replyWith === '') message.replyWith = message.messageId;
    // Waiting begins before sending: the answer may be there before this function goes on.
    const answer = waiters.wait(
      message,
      options.timeoutMs ?? LIMITS.wait_default_ms,
      options.until === 'final',
      options.caller,
    );
    try {
      this.#accept(message);
    } catch (error) {
      waiters.abandon(message);
      throw error;
    }
    if (options.persist === true) await this.#durableBefore(answer);
    const reply = await answer;
    const deliveredMs = message.timestampUs / 1_000;
    return { messageId: message.messageId, status: 'replied', deliveredMs, reply };
  }

  // Where the disk fails its error is the answer, and that of the wait is nobody's any more.
  async #durableBefore(answer: Promise<Message>): Promise<void> {
    answer.catch(() => undefined);
    await this.#parts.store.durable();
  }

  /** The server stops: nothing more is accepted from outside. */
  close(): void {
    this.#closed = true;
  }

  #accept(message: Message): Acceptance {
    const { clients, directory, inboxes, router } = this.#parts;
    if (this.#closed) throw serverStopping();
    if (isGroup(message.sender)) {
      throw invalidRequest(
        `sender '${message.sender}' is no name of one client: an answer would go to many.`,
        'sender',
      );
    }
    if (directory.find(message.sender) !== undefined) {
      throw new CaxtonError(
        'FORBIDDEN',
        `sender '${message.sender}' is a deployed agent; clients can't send in its name.`,
        { field: 'sender' },
      );
    }
    if (inboxes.has(message.sender)) {
      throw new CaxtonError(
        'FORBIDDEN',
        `sender '${message.sender}' is the server's own; clients can't send in its name.`,
        { field: 'sender' },
      );
    }
    const acceptance = router.accept(message);
    clients.see(message.sender);
    return acceptance;
  }
}

/** What callers are told while the server stops. */
export function serverStopping(): CaxtonError {
  return new CaxtonError('UNAVAILABLE', 'The server is stopping; send again when it is back.');
}

function sendResult(message: Message, acceptance: Acceptance): SendResult {
  return {
    messageId: message.messageId,
    status: acceptance,
    deliveredMs: message.timestampUs / 1_000,
  };
}
