import type { Caller } from '../base/caller.js';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Envelope, Message } from '../fipa/message.js';
import { isFinalReply } from '../fipa/performative.js';
import { Deadlines } from './deadlines.js';

interface Waiter {
  readonly key: string;
  readonly messageId: string;
  readonly timeoutMs: number;
  readonly finalOnly: boolean;
  readonly resolve: (reply: Message) => void;
  readonly reject: (error: Error) => void;
  readonly caller: Caller | undefined;
  bucket: Set<Waiter> | undefined;
}

/** Callers that wait for an answer, by conversation and by what the answer must carry. */
export class Waiters {
  readonly #waiters = new Map<string, Waiter>();
  readonly #deadlines = new Deadlines<Waiter>((waiter) => this.#expire(waiter));

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves with the first answer in the conversation whose `in_reply_to` is `replyWith`.
   * @param caller the wait ends when it is gone
   * @throws CaxtonError TIMEOUT, CONFLICT, RESOURCE_LIMIT_EXCEEDED, UNAVAILABLE when it is gone
   */
  wait(
    message: Envelope,
    timeoutMs: number,
    finalOnly: boolean,
    caller?: Caller,
  ): Promise<Message> {
    if (caller?.gone === true) throw callerGone();
    const key = keyOf(message.conversationId, message.replyWith);
    if (this.#waiters.has(key)) {
      throw new CaxtonError(
        'CONFLICT',
        `Another caller waits for the answer to reply_with '${message.replyWith}' in this conversation; use another reply_with.`,
        { field: 'reply_with' },
      );
    }
    if (this.#waiters.size >= LIMITS.waiting_callers) {
      throw new CaxtonError('RESOURCE_LIMIT_EXCEEDED', 'Too many callers wait for answers.', {
        limit: LIMITS.waiting_callers,
      });
    }
    const { messageId } = message;
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        key,
        messageId,
        timeoutMs,
        finalOnly,
        resolve,
        reject,
        caller,
        bucket: undefined,
      };
      waiter.bucket = this.#deadlines.add(waiter, timeoutMs);
      this.#waiters.set(key, waiter);
      if (caller !== undefined) {
        caller.whenGone = () => {
          this.#forget(waiter);
          reject(callerGone());
        };
      }
    });
  }

  /** The waiter of this answer, if there is one, as a function that hands it over. */
  match(reply: Envelope): ((reply: Message) => void) | undefined {
    if (this.#waiters.size === 0 || reply.inReplyTo === '') return undefined;
    const waiter = this.#waiters.get(keyOf(reply.conversationId, reply.inReplyTo));
    if (waiter === undefined) return undefined;
    if (waiter.finalOnly && !isFinalReply(reply.performative)) return undefined;
    return (message) => {
      this.#forget(waiter);
      waiter.resolve(message);
    };
  }

  /** The message could not be sent after all. */
  abandon(message: Envelope): void {
    const waiter = this.#waiters.get(keyOf(message.conversationId, message.replyWith));
    if (waiter !== undefined) this.#forget(waiter);
  }

  /** The server stops: nobody will be answered. */
  rejectAll(error: Error): void {
    this.#deadlines.clear();
    for (const waiter of this.#waiters.values()) waiter.reject(error);
    this.#waiters.clear();
  }

  #expire(waiter: Waiter): void {
    this.#forget(waiter);
    waiter.reject(
      new CaxtonError(
        'TIMEOUT',
        `No answer within ${waiter.timeoutMs} ms; a later one will be in the history.`,
        { timeout_ms: waiter.timeoutMs, message_id: waiter.messageId },
      ),
    );
  }

  #forget(waiter: Waiter): void {
    this.#waiters.delete(waiter.key);
    waiter.bucket?.delete(waiter);
    if (waiter.caller !== undefined) waiter.caller.whenGone = undefined;
  }
}

function keyOf(conversationId: string, replyWith: string): string {
  return `${conversationId}\n${replyWith}`;
}

function callerGone(): CaxtonError {
  return new CaxtonError('UNAVAILABLE', 'The caller gave up before the answer came.');
}
