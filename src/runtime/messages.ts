import type { Caller } from '../base/caller.js';
import { CaxtonError, invalidRequest } from '../base/errors.js';
import { newMessageId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import type { Envelope, Message } from '../fipa/message.js';
import type { Store } from '../store/store.js';
import type { Acceptance } from './acceptance.js';
import type { Clients } from './clients.js';
import type { Directory } from './directory.js';
import { isGroup } from './groups.js';
import type { Inboxes } from './inboxes.js';
import { KeyedSends } from './keyed-sends.js';
import type { Router } from './router.js';
import type { AnswerTaker, SendOptions, SendResult, WaitResult } from './types.js';
import { AnswerPromise, replyItself, type Waiters } from './waiters.js';

export interface MessagesParts {
  readonly router: Router;
  readonly waiters: Waiters;
  readonly clients: Clients;
  readonly directory: Directory;
  readonly store: Store;
  readonly inboxes: Inboxes;
  readonly historyEnabled: boolean;
}

/** Sending from outside. */
export class Messages {
  readonly #parts: MessagesParts;
  readonly #keyed: KeyedSends;
  #closed = false;

  constructor(parts: MessagesParts) {
    this.#parts = parts;
    this.#keyed = new KeyedSends(parts.store, parts.waiters);
  }

  /**
   * Accepts a message. Answers at once unless it has to wait for the disk. A repeated send under an
   * idempotency key gives what became of the first.
   * @throws CaxtonError FORBIDDEN when the sender is an agent's or a task's name, INVALID_REQUEST
   * when it names a group or no history is there to persist in, UNAVAILABLE when the server stops
   * or the disk takes nothing of what is to be on it,
   * and what Router.accept throws
   */
  send(message: Message, options: SendOptions): SendResult | Promise<SendResult> {
    this.#checkPersist(options);
    const key = keyOf(message, options);
    const known = key === '' ? undefined : this.#keyed.find(key);
    const result = known?.result ?? sendResult(message, this.#accept(message, options));
    if (key !== '' && known === undefined) this.#keyed.add(key, message, result);
    return options.persist === true ? this.#whenDurable(result) : result;
  }

  /**
   * Accepts a message and waits for its answer.
   * @throws CaxtonError as `send` and `Waiters.begin`, or rejects with it; it rejects with TIMEOUT
   */
  sendAndWait(message: Message, options: SendOptions): Promise<WaitResult> {
    this.#checkPersist(options);
    const key = keyOf(message, options);
    if (key !== '' || options.persist === true) return this.#sendAndWaitKept(message, options, key);
    const taker = new AnswerPromise(replied);
    this.#sendAwaited(message, options, options.caller, taker);
    return taker.promise;
  }

  /**
   * As `sendAndWait`, for a send without a key that need not be on disk. This is the message path:
   * neither a promise nor a message is made of the answer.
   * @throws CaxtonError as `send` and `Waiters.begin`; then the taker is told nothing
   */
  sendFor(message: Message, options: SendOptions, taker: AnswerTaker): void {
    this.#sendAwaited(message, options, options.caller, taker);
  }

  async #sendAndWaitKept(message: Message, options: SendOptions, key: string): Promise<WaitResult> {
    const known = key === '' ? undefined : this.#keyed.find(key);
    if (known !== undefined) {
      if (options.persist === true) await this.#parts.store.durable();
      return waitResult(known.result, await this.#keyed.replyTo(known, options));
    }
    // The wait for a keyed send goes on when its caller is gone: a repeated send finds the answer.
    const caller = key === '' ? options.caller : undefined;
    const taker = new AnswerPromise(replyItself);
    const answer = taker.promise;
    const result = this.#sendAwaited(message, options, caller, taker);
    const reply =
      key === '' ? answer : this.#keyed.answeredBy(this.#keyed.add(key, message, result), answer);
    if (options.persist === true) await this.#durableBefore(reply);
    return waitResult(result, await reply);
  }

  // Waiting begins before sending: the answer may be there before the sender goes on.
  #sendAwaited(
    message: Message,
    options: SendOptions,
    caller: Caller | undefined,
    taker: AnswerTaker,
  ): SendResult {
    const { router, waiters } = this.#parts;
    message.messageId = newMessageId();
    router.giveConversation(message);
    if (message.replyWith === '') message.replyWith = message.messageId;
    waiters.begin(message, {
      timeoutMs: options.timeoutMs ?? LIMITS.wait_default_ms,
      finalOnly: options.until === 'final',
      caller,
      taker,
    });
    try {
      return sendResult(message, this.#accept(message, options));
    } catch (error) {
      waiters.abandon(message);
      throw error;
    }
  }

  // Where the disk fails its error is the answer, and that of the wait is nobody's any more.
  async #durableBefore(answer: Promise<Message>): Promise<void> {
    answer.catch(() => undefined);
    await this.#parts.store.durable();
  }

  async #whenDurable(result: SendResult): Promise<SendResult> {
    await this.#parts.store.durable();
    return result;
  }

  /** The server stops: nothing more is accepted from outside. */
  close(): void {
    this.#closed = true;
  }

  // Nothing would be on disk, whatever the answer says.
  #checkPersist(options: SendOptions): void {
    if (options.persist !== true) return;
    const { historyEnabled, store } = this.#parts;
    if (historyEnabled) {
      if (store.trouble === undefined) return;
      // It would be taken, handled, and refused all the same.
      throw new CaxtonError(
        'UNAVAILABLE',
        `The store can’t write at the moment: ${store.trouble}. Nothing was done: send again when that is mended, or without options.persist.`,
        { reason: store.trouble, retry_after_seconds: LIMITS.store_retry_max_ms / 1_000 },
      );
    }
    throw invalidRequest(
      'options.persist can’t be kept: this server keeps no messages. Leave it out, or start the server with history.enabled.',
      'options.persist',
    );
  }

  #accept(message: Message, options: SendOptions): Acceptance {
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
    const acceptance = router.accept(message, options.persist === true);
    clients.see(message.sender);
    return acceptance;
  }
}

/** What callers are told while the server stops. Nothing was done. */
export function serverStopping(): CaxtonError {
  return new CaxtonError('UNAVAILABLE', 'The server is stopping; send again when it is back.', {
    retry_after_seconds: 1,
  });
}

/** What they are told whose message was accepted, and whose wait the stop of the server ends. */
export function stoppedBeforeAnswer(): CaxtonError {
  return new CaxtonError(
    'UNAVAILABLE',
    'The server stops, and the answer has not come; a later one will be in the history.',
  );
}

function keyOf(message: Message, { idempotencyKey = '' }: SendOptions): string {
  return idempotencyKey === '' ? '' : `${message.sender}\n${idempotencyKey}`;
}

function replied(asked: Envelope, reply: Message): WaitResult {
  return waitResult(sendResult(asked, 'delivered'), reply);
}

function waitResult({ messageId, deliveredMs }: SendResult, reply: Message): WaitResult {
  return { messageId, status: 'replied', deliveredMs, reply };
}

function sendResult(message: Envelope, acceptance: Acceptance): SendResult {
  return {
    messageId: message.messageId,
    status: acceptance,
    deliveredMs: message.timestampUs / 1_000,
  };
}
