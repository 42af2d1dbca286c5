import type { Awaited, Caller } from '../base/caller.js';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Envelope, Message } from '../fipa/message.js';
import { isFinalReply } from '../fipa/performative.js';
import { type Deadline, Deadlines } from './deadlines.js';
import { TextTable } from './text-table.js';

/** What to do when the answer comes, or won't. */
export interface Wait {
  readonly timeoutMs: number;
  /** Whether an answer that announces another, such as `agree`, is passed over. */
  readonly finalOnly: boolean;
  /** The wait ends when it is gone. */
  readonly caller: Caller | undefined;
  readonly resolve: (reply: Message) => void;
  readonly reject: (error: Error) => void;
}

class Waiter implements Awaited {
  readonly key: string;
  readonly conversationId: string;
  readonly messageId: string;
  readonly timeoutMs: number;
  readonly finalOnly: boolean;
  readonly caller: Caller | undefined;
  readonly resolve: Wait['resolve'];
  readonly reject: Wait['reject'];
  readonly #waiters: Waiters;
  deadline: Deadline<Waiter> | undefined;

  constructor(waiters: Waiters, message: Envelope, key: string, wait: Wait) {
    this.key = key;
    this.conversationId = message.conversationId;
    this.messageId = message.messageId;
    this.timeoutMs = wait.timeoutMs;
    this.finalOnly = wait.finalOnly;
    this.caller = wait.caller;
    this.resolve = wait.resolve;
    this.reject = wait.reject;
    this.#waiters = waiters;
  }

  callerGone(): void {
    this.#waiters.forget(this);
    this.reject(callerGone());
  }
}

/** Callers that wait for an answer, by conversation and by what the answer must carry. */
export class Waiters {
  readonly #waiters = new TextTable<Waiter>();
  readonly #deadlines = new Deadlines<Waiter>((waiter) => this.#expire(waiter));

  get size(): number {
    return this.#waiters.size;
  }

  /** As `begin`, for one who awaits the answer. */
  wait(
    message: Envelope,
    timeoutMs: number,
    finalOnly: boolean,
    caller?: Caller,
  ): Promise<Message> {
    return new Promise((resolve, reject) => {
      this.begin(message, { timeoutMs, finalOnly, caller, resolve, reject });
    });
  }

  /**
   * Waits for the first answer in the conversation whose `in_reply_to` is `replyWith`. The wait
   * fails with TIMEOUT, or UNAVAILABLE when its caller is gone.
   * @throws CaxtonError CONFLICT, RESOURCE_LIMIT_EXCEEDED, UNAVAILABLE when the caller is gone
   */
  begin(message: Envelope, wait: Wait): void {
    const { caller, timeoutMs } = wait;
    if (caller?.gone === true) throw callerGone();
    const key = keyOf(message);
    if (this.#waiters.get(key) !== undefined) {
      throw new CaxtonError(
        'CONFLICT',
        `Another caller waits for the answer to reply_with '${message.replyWith}' in this conversation; use another reply_with.`,
        { field: 'reply_with' },
      );
    }
    if (this.#waiters.size >= LIMITS.waiting_callers) {
      throw new CaxtonError('RESOURCE_LIMIT_EXCEEDED', 'Too many callers wait for answers.', {
        limit: LIMITS.waiting_callers,
        retry_after_seconds: 1,
      });
    }
    const waiter = new Waiter(this, message, key, wait);
    waiter.deadline = this.#deadlines.add(waiter, timeoutMs);
    this.#waiters.add(key, waiter);
    if (caller !== undefined) caller.waiting = waiter;
  }

  /** The waiter of this answer, if there is one, as a function that hands it over. */
  match(reply: Envelope): ((reply: Message) => void) | undefined {
    if (this.#waiters.size === 0 || reply.inReplyTo === '') return undefined;
    const waiter = this.#find(reply.conversationId, reply.inReplyTo);
    if (waiter === undefined) return undefined;
    if (waiter.finalOnly && !isFinalReply(reply.performative)) return undefined;
    return (message) => {
      this.forget(waiter);
      waiter.resolve(message);
    };
  }

  /** The message could not be sent after all. */
  abandon(message: Envelope): void {
    const waiter = this.#waiters.get(keyOf(message));
    if (waiter !== undefined) this.forget(waiter);
  }

  /** The server stops: nobody will be answered. */
  rejectAll(error: Error): void {
    this.#deadlines.clear();
    for (const waiter of this.#waiters.clear()) waiter.reject(error);
  }

  #expire(waiter: Waiter): void {
    this.forget(waiter);
    waiter.reject(
      new CaxtonError(
        'TIMEOUT',
        `No answer within ${waiter.timeoutMs} ms; a later one will be in the history.`,
        { timeout_ms: waiter.timeoutMs, message_id: waiter.messageId },
      ),
    );
  }

  #find(conversationId: string, replyWith: string): Waiter | undefined {
    const waiter = this.#waiters.get(replyWith);
    if (waiter !== undefined && waiter.conversationId === conversationId) return waiter;
    return this.#waiters.get(chosenKey(conversationId, replyWith));
  }

  /** The wait is over. */
  forget(waiter: Waiter): void {
    this.#waiters.delete(waiter.key);
    waiter.deadline?.cancel();
    if (waiter.caller !== undefined) waiter.caller.waiting = undefined;
  }
}

/**
 * A message's own id is nobody else's: most waits are under it alone, which spares the message path
 * a longer key. What a client chose as `reply_with` is told apart by the conversation.
 */
function keyOf({ messageId, conversationId, replyWith }: Envelope): string {
  return replyWith === messageId ? messageId : chosenKey(conversationId, replyWith);
}

function chosenKey(conversationId: string, replyWith: string): string {
  return `${conversationId}\n${replyWith}`;
}

function callerGone(): CaxtonError {
  return new CaxtonError('UNAVAILABLE', 'The caller gave up before the answer came.');
}
