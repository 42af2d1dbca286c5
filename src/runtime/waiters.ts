import type { Awaited, Caller } from '../base/caller.js';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import {
  CONVERSATION_FIELD,
  decodeMessage,
  encodedTextAt,
  encodedTextBytes,
  IN_REPLY_TO_FIELD,
  isEncodedText,
} from '../fipa/binary.js';
import type { Envelope, Message } from '../fipa/message.js';
import { isFinalReply } from '../fipa/performative.js';
import { type Deadline, Deadlines } from './deadlines.js';
import { TextTable } from './text-table.js';
import type { AnswerTaker } from './types.js';

/** Who waits for an answer, and for which. */
export interface Wait {
  readonly timeoutMs: number;
  /** Whether an answer that announces another, such as `agree`, is passed over. */
  readonly finalOnly: boolean;
  /** The wait ends when it is gone. */
  readonly caller: Caller | undefined;
  readonly taker: AnswerTaker;
}

export class Waiter implements Awaited {
  readonly key: string;
  readonly asked: Envelope;
  readonly timeoutMs: number;
  readonly finalOnly: boolean;
  readonly caller: Caller | undefined;
  readonly taker: AnswerTaker;
  readonly #waiters: Waiters;
  deadline: Deadline<Waiter> | undefined;

  constructor(waiters: Waiters, asked: Envelope, key: string, wait: Wait) {
    this.key = key;
    this.asked = asked;
    this.timeoutMs = wait.timeoutMs;
    this.finalOnly = wait.finalOnly;
    this.caller = wait.caller;
    this.taker = wait.taker;
    this.#waiters = waiters;
  }

  /** Hands the answer over, whose binary form lies at `offset`. The wait is over. */
  answer(source: Buffer, offset: number): void {
    this.#waiters.forget(this);
    this.taker.answered(this.asked, source, offset);
  }

  callerGone(): void {
    this.#waiters.forget(this);
    this.taker.failed(callerGone());
  }
}

/** A taker whose answer is awaited. */
export class AnswerPromise<Answer> implements AnswerTaker {
  readonly promise: Promise<Answer>;
  readonly #answerOf: (asked: Envelope, reply: Message) => Answer;
  #resolve!: (answer: Answer) => void;
  #reject!: (error: unknown) => void;

  constructor(answerOf: (asked: Envelope, reply: Message) => Answer) {
    this.#answerOf = answerOf;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  answered(asked: Envelope, source: Buffer, offset: number): void {
    this.#resolve(this.#answerOf(asked, decodeMessage(source, offset)));
  }

  failed(error: unknown): void {
    this.#reject(error);
  }
}

/** What a caller is given who wants the answer and nothing else. */
export const replyItself = (_: Envelope, reply: Message): Message => reply;

/** Callers that wait for an answer, by conversation and by what the answer must carry. */
export class Waiters {
  readonly #waiters = new TextTable<Waiter>();
  readonly #deadlines = new Deadlines<Waiter>((waiter) => this.#expire(waiter));

  get size(): number {
    return this.#waiters.size;
  }

  /** As `begin`, for one who awaits the answer. It rejects with what `begin` throws. */
  async wait(
    message: Envelope,
    timeoutMs: number,
    finalOnly: boolean,
    caller?: Caller,
  ): Promise<Message> {
    const taker = new AnswerPromise(replyItself);
    this.begin(message, { timeoutMs, finalOnly, caller, taker });
    return taker.promise;
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

  /** The one who waits for this answer, if there is one; to be given it at once. */
  match(reply: Envelope): Waiter | undefined {
    if (this.#waiters.size === 0 || reply.inReplyTo === '') return undefined;
    const waiter = this.#find(reply.conversationId, reply.inReplyTo);
    return waiter?.finalOnly && !isFinalReply(reply.performative) ? undefined : waiter;
  }

  /** The same by the binary form of the answer at `offset`. */
  matchEncoded(source: Buffer, offset: number): Waiter | undefined {
    const length = encodedTextBytes(source, offset, IN_REPLY_TO_FIELD);
    if (this.#waiters.size === 0 || length === 0) return undefined;
    // Most wait under their message's own id, and for any answer.
    const start = encodedTextAt(source, offset, IN_REPLY_TO_FIELD);
    const waiter = this.#waiters.getByBytes(source, start, length);
    const isPlain = waiter !== undefined && !waiter.finalOnly;
    if (isPlain && isEncodedText(source, offset, CONVERSATION_FIELD, waiter.asked.conversationId)) {
      return waiter;
    }
    return this.match(decodeMessage(source, offset, false));
  }

  /** The message could not be sent after all. */
  abandon(message: Envelope): void {
    const waiter = this.#waiters.get(keyOf(message));
    if (waiter !== undefined) this.forget(waiter);
  }

  /** The server stops: nobody will be answered. */
  rejectAll(error: Error): void {
    this.#deadlines.clear();
    for (const waiter of this.#waiters.clear()) waiter.taker.failed(error);
  }

  #expire(waiter: Waiter): void {
    this.forget(waiter);
    waiter.taker.failed(
      new CaxtonError(
        'TIMEOUT',
        `No answer within ${waiter.timeoutMs} ms; a later one will be in the history.`,
        { timeout_ms: waiter.timeoutMs, message_id: waiter.asked.messageId },
      ),
    );
  }

  #find(conversationId: string, replyWith: string): Waiter | undefined {
    const waiter = this.#waiters.get(replyWith);
    if (waiter !== undefined && waiter.asked.conversationId === conversationId) return waiter;
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
