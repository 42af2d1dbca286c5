import { LIMITS } from '../base/limits.js';
import { type Envelope, envelopeText, type Message } from '../fipa/message.js';
import { isFinalReply } from '../fipa/performative.js';
import type { Store } from '../store/store.js';
import { IdempotencyCache } from './idempotency-cache.js';
import type { SendOptions, SendResult } from './types.js';
import type { Waiters } from './waiters.js';

/** A message that was accepted under a key, without its content. */
interface KeyedSend {
  readonly key: string;
  readonly result: SendResult;
  readonly envelope: Envelope;
  reply: Message | undefined;
  /** Somebody waits for the reply; whoever asks meanwhile waits with him. */
  waiting: Promise<void> | undefined;
}

/** About what an entry's own fields take. */
const ENTRY_BYTES = 1_024;
const REPLIES_READ_AT_ONCE = 100;

/**
 * Sends under idempotency keys. A message that was accepted stays under its key, whatever became
 * of its caller's wait for the disk or for a reply: a repeated send never accepts another.
 */
export class KeyedSends {
  readonly #store: Store;
  readonly #waiters: Waiters;
  readonly #sends = new IdempotencyCache<KeyedSend>({
    keys: LIMITS.idempotency_keys,
    bytes: LIMITS.idempotency_bytes,
  });

  constructor(store: Store, waiters: Waiters) {
    this.#store = store;
    this.#waiters = waiters;
  }

  find(key: string): KeyedSend | undefined {
    return this.#sends.get(key);
  }

  /** To be called when the message was accepted, in the same turn of the event loop. */
  add(key: string, message: Message, result: SendResult): KeyedSend {
    const envelope: Message = { ...message, content: '' };
    // What an answer carries when the message asks for nothing else.
    if (envelope.replyWith === '') envelope.replyWith = envelope.messageId;
    const send = { key, result, envelope, reply: undefined, waiting: undefined };
    this.#sends.add(key, send, ENTRY_BYTES + envelopeText(message).length);
    return send;
  }

  /** The first answer came to somebody who waited for it since before the message was sent. */
  async answeredBy(send: KeyedSend, answer: Promise<Message>): Promise<Message> {
    send.waiting = this.#note(send, answer);
    await send.waiting;
    return send.reply as Message;
  }

  /** @throws CaxtonError TIMEOUT, and as `Waiters.wait` */
  async replyTo(send: KeyedSend, options: SendOptions): Promise<Message> {
    const finalOnly = options.until === 'final';
    while (send.reply === undefined || !suits(send.reply, finalOnly)) {
      send.waiting ??= this.#note(send, this.#await(send, finalOnly, options.timeoutMs));
      await send.waiting;
    }
    return send.reply;
  }

  async #note(send: KeyedSend, answer: Promise<Message>): Promise<void> {
    try {
      send.reply = await answer;
      const bytes = envelopeText(send.reply).length + send.reply.content.length;
      this.#sends.grow(send.key, send, bytes);
    } finally {
      send.waiting = undefined;
    }
  }

  // The answer may have come when nobody waited for it: then the history has it.
  async #await(send: KeyedSend, finalOnly: boolean, timeoutMs?: number): Promise<Message> {
    const { envelope } = send;
    const coming = this.#waiters.wait(envelope, timeoutMs ?? LIMITS.wait_default_ms, finalOnly);
    let waits = true;
    const ended = coming.finally(() => {
      waits = false;
    });
    // A search that fails, or finds nothing, leaves it to the wait.
    const found = this.#search(envelope, finalOnly).catch(() => undefined);
    const reply = await Promise.race([ended, found.then((message) => message ?? ended)]);
    if (waits) this.#waiters.abandon(envelope);
    return reply;
  }

  async #search(envelope: Envelope, finalOnly: boolean): Promise<Message | undefined> {
    const { conversationId, replyWith, timestampUs } = envelope;
    let cursor: string | undefined;
    do {
      const page = await this.#store.history({
        conversationId,
        sinceMs: Math.floor(timestampUs / 1_000),
        order: 'asc',
        limit: REPLIES_READ_AT_ONCE,
        ...(cursor === undefined ? {} : { cursor }),
      });
      const isReply = (message: Message) =>
        message.inReplyTo === replyWith && suits(message, finalOnly);
      const reply = page.messages.find(isReply);
      if (reply !== undefined) return reply;
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return undefined;
  }
}

function suits(reply: Message, finalOnly: boolean): boolean {
  return !finalOnly || isFinalReply(reply.performative);
}
