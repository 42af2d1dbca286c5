import { wallMs } from '../base/clock.js';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { CONTENT_NONE, type Envelope, type Message } from '../fipa/message.js';
import { type Deadline, Deadlines } from './deadlines.js';

/** A message whose `reply_by` is still to come, without its content. */
interface Awaited {
  readonly message: Message;
  /** Who gets the answer: `reply_to`, by its id, or the sender. */
  readonly answersTo: string;
  deadline: Deadline<Awaited> | undefined;
}

// A deadline far away is looked at again: timers that are set for years would pile up.
const LOOK_AGAIN_MS = 60_000;

/** Messages that have a `reply_by` and no answer yet, by conversation and receiver. */
export class AwaitedReplies {
  readonly #byConversation = new Map<string, Map<string, Awaited[]>>();
  readonly #deadlines = new Deadlines<Awaited>((awaited) => this.#due(awaited));
  readonly #passed: (message: Message) => void;
  #count = 0;

  /** @param passed told of each message, without its content, that nobody answered in time */
  constructor(passed: (message: Message) => void) {
    this.#passed = passed;
  }

  get size(): number {
    return this.#count;
  }

  /** Whether an answer is awaited in this conversation. */
  has(conversationId: string): boolean {
    return this.#byConversation.has(conversationId);
  }

  /** @throws CaxtonError RESOURCE_LIMIT_EXCEEDED when so many more can't be kept */
  checkRoom(count: number): void {
    if (this.#count + count <= LIMITS.awaited_replies) return;
    throw new CaxtonError(
      'RESOURCE_LIMIT_EXCEEDED',
      `Too many messages with a reply_by wait for their answers; the limit is ${LIMITS.awaited_replies}. Send without reply_by, or later.`,
      { field: 'reply_by', limit: LIMITS.awaited_replies, retry_after_seconds: 1 },
    );
  }

  add(message: Message, answersTo: string): void {
    // A failure is answered by nobody, the server included.
    if (message.performative === 'failure') return;
    const awaited: Awaited = {
      message: { ...message, contentEncoding: CONTENT_NONE, content: '' },
      answersTo,
      deadline: undefined,
    };
    const receivers = this.#byConversation.get(message.conversationId) ?? new Map();
    const waiting = receivers.get(message.receiver) ?? [];
    waiting.push(awaited);
    receivers.set(message.receiver, waiting);
    this.#byConversation.set(message.conversationId, receivers);
    this.#count += 1;
    this.#schedule(awaited);
  }

  /** A message was accepted: it may be what somebody waits for. */
  answered(reply: Envelope): void {
    const waiting = this.#byConversation.get(reply.conversationId)?.get(reply.sender);
    if (waiting === undefined) return;
    for (const awaited of waiting.filter((each) => answers(reply, each))) this.#forget(awaited);
  }

  /** Nothing comes due any more. */
  stop(): void {
    this.#deadlines.clear();
    this.#byConversation.clear();
    this.#count = 0;
  }

  #schedule(awaited: Awaited): void {
    const leftMs = Math.max(0, awaited.message.replyByMs - wallMs());
    awaited.deadline = this.#deadlines.add(awaited, Math.min(leftMs, LOOK_AGAIN_MS));
  }

  #due(awaited: Awaited): void {
    if (awaited.message.replyByMs > wallMs()) {
      this.#schedule(awaited);
      return;
    }
    this.#forget(awaited);
    this.#passed(awaited.message);
  }

  #forget(awaited: Awaited): void {
    awaited.deadline?.cancel();
    const { conversationId, receiver } = awaited.message;
    const receivers = this.#byConversation.get(conversationId);
    const waiting = receivers?.get(receiver);
    if (receivers === undefined || waiting === undefined) return;
    this.#count -= 1;
    if (waiting.length > 1) waiting.splice(waiting.indexOf(awaited), 1);
    else receivers.delete(receiver);
    if (receivers.size === 0) this.#byConversation.delete(conversationId);
  }
}

// It goes back to who asked, and doesn't say that it answers something else.
function answers(reply: Envelope, { message, answersTo }: Awaited): boolean {
  if (reply.receiver !== answersTo && reply.receiver !== message.sender) return false;
  const { inReplyTo } = reply;
  return inReplyTo === '' || inReplyTo === message.replyWith || inReplyTo === message.messageId;
}
