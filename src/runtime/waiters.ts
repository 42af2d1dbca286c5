import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Envelope, Message } from '../fipa/message.js';
import { isFinalReply } from '../fipa/performative.js';

interface Waiter {
  readonly resolve: (reply: Message) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
  readonly finalOnly: boolean;
}

/** Callers that wait for an answer, by conversation and by what the answer must carry. */
export class Waiters {
  readonly #waiters = new Map<string, Waiter>();

  get size(): number {
    return this.#waiters.size;
  }

  /**
   * Resolves with the first answer in the conversation whose `in_reply_to` is `replyWith`.
   * @param signal ends the wait when its caller is gone
   * @throws CaxtonError TIMEOUT, CONFLICT, RESOURCE_LIMIT_EXCEEDED, UNAVAILABLE by the signal
   */
  wait(
    message: Envelope,
    timeoutMs: number,
    finalOnly: boolean,
    signal?: AbortSignal,
  ): Promise<Message> {
    if (signal?.aborted === true) throw callerGone();
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
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiters.delete(key);
        reject(
          new CaxtonError(
            'TIMEOUT',
            `No answer within ${timeoutMs} ms; a later one will be in the history.`,
            { timeout_ms: timeoutMs, message_id: message.messageId },
          ),
        );
      }, timeoutMs);
      const waiter = { resolve, reject, timer, finalOnly };
      this.#waiters.set(key, waiter);
      signal?.addEventListener('abort', () => {
        // Another caller may wait under the same key by now.
        if (this.#waiters.get(key) === waiter) this.abandon(message);
        reject(callerGone());
      });
    });
  }

  /** The waiter of this answer, if there is one, as a function that hands it over. */
  match(reply: Envelope): ((reply: Message) => void) | undefined {
    if (this.#waiters.size === 0 || reply.inReplyTo === '') return undefined;
    const key = keyOf(reply.conversationId, reply.inReplyTo);
    const waiter = this.#waiters.get(key);
    if (waiter === undefined) return undefined;
    if (waiter.finalOnly && !isFinalReply(reply.performative)) return undefined;
    return (message) => {
      this.#waiters.delete(key);
      clearTimeout(waiter.timer);
      waiter.resolve(message);
    };
  }

  /** The message could not be sent after all. */
  abandon(message: Envelope): void {
    const key = keyOf(message.conversationId, message.replyWith);
    const waiter = this.#waiters.get(key);
    if (waiter === undefined) return;
    this.#waiters.delete(key);
    clearTimeout(waiter.timer);
  }

  /** The server stops: nobody will be answered. */
  rejectAll(error: Error): void {
    for (const waiter of this.#waiters.values()) {
      clearTimeout(waiter.timer);
      waiter.reject(error);
    }
    this.#waiters.clear();
  }
}

function keyOf(conversationId: string, replyWith: string): string {
  return `${conversationId}\n${replyWith}`;
}

function callerGone(): CaxtonError {
  return new CaxtonError('UNAVAILABLE', 'The caller gave up before the answer came.');
}
