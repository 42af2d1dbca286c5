import { CaxtonError, type PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Config } from '../config/schema.js';
import { Conversation, type Judgement, judgeFirst, type Violation } from '../fipa/conversation.js';
import type { Message } from '../fipa/message.js';
import { protocolOf } from '../fipa/protocols/registry.js';
import { AwaitedReplies } from './awaited-replies.js';
import type { EventBus } from './events.js';
import { messageEventBody } from './streamed-event.js';

export interface ConversationsParts {
  readonly protocols: Config['protocols'];
  readonly events: EventBus;
  /** The id of an agent's name, and any other name as it is. */
  readonly resolveName: (name: string) => string;
  /** Sends a failure in the name of who didn't answer. */
  readonly reportFailure: (from: string, original: Message, error: PlainError) => void;
  /** Told of each act that was not legal. */
  readonly violated?: () => void;
}

interface Tracked {
  readonly conversation: Conversation;
  /** Monotonic time of the last message, milliseconds. */
  touchedMs: number;
}

/**
 * Who speaks in a message: its sender, or the server in the sender's name, which tells that an
 * accepted message came to nothing (`server`) or that one was refused (`refusal`).
 */
export type Voice = 'own' | 'server' | 'refusal';

/** What a message means to its conversation; to be handed back when the message was accepted. */
export interface Verdict {
  readonly conversation: Conversation;
  readonly judgement: Judgement;
}

/**
 * Conversations that follow a protocol, and messages that have a `reply_by`. The router asks before
 * it accepts a message and tells after. Everything is kept in memory and bounded; whatever has
 * neither a protocol nor a `reply_by` passes by.
 */
export class Conversations {
  readonly #parts: ConversationsParts;
  /** In the order of their last message, the longest idle first. */
  readonly #tracked = new Map<string, Tracked>();
  readonly #awaited = new AwaitedReplies((message) => this.#timedOut(message));
  readonly #judges: boolean;
  #participants = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  constructor(parts: ConversationsParts) {
    this.#parts = parts;
    this.#judges = parts.protocols.mode !== 'off';
  }

  /** The conversation of this id while it is under way. */
  find(id: string): Conversation | undefined {
    return this.#tracked.get(id)?.conversation;
  }

  get tracked(): number {
    return this.#tracked.size;
  }

  /** Messages with a `reply_by` that are not answered yet. */
  get awaited(): number {
    return this.#awaited.size;
  }

  /** Whether a message without a protocol and a `reply_by` means nothing to any conversation now. */
  get quiet(): boolean {
    return this.#tracked.size === 0 && this.#awaited.size === 0;
  }

  /** Whether somebody waits in this conversation for an answer until a `reply_by`. */
  awaitsReply(id: string): boolean {
    return this.#awaited.has(id);
  }

  /**
   * Says what a message means to its conversation. Changes nothing.
   * No protocol forbids what the server itself tells.
   * @throws CaxtonError CONFLICT in the mode `enforce` when the act is not legal,
   *   RESOURCE_LIMIT_EXCEEDED when too many messages have a `reply_by`
   */
  check(message: Message, voice: Voice): Verdict | undefined {
    if (message.replyByMs !== 0) this.#awaited.checkRoom(1);
    if (message.protocol === '' && this.#tracked.size === 0) return undefined;
    if (!this.#judges || voice === 'refusal') return undefined;
    const verdict = this.#judge(message, message.receiver, voice === 'server');
    this.#enforce(message, verdict);
    return verdict;
  }

  /** The same for copies of one message to several agents: refused as a whole. */
  checkCopies(message: Message, receivers: ReadonlyArray<{ readonly id: string }>): void {
    if (message.replyByMs !== 0) this.#awaited.checkRoom(receivers.length);
    if (this.#parts.protocols.mode !== 'enforce') return;
    if (message.protocol === '' && this.#tracked.size === 0) return;
    for (const { id } of receivers) this.#enforce(message, this.#judge(message, id, false));
  }

  /** The message that was checked is accepted. */
  accepted(message: Message, verdict: Verdict | undefined): void {
    if (this.#awaited.size > 0) this.#awaited.answered(message);
    if (message.replyByMs !== 0) this.#awaited.add(message, this.#answersTo(message));
    if (verdict !== undefined) this.#follow(message, verdict);
  }

  /** Nothing is tracked any more and no timer runs. */
  stop(): void {
    clearTimeout(this.#idleTimer);
    this.#awaited.stop();
    this.#tracked.clear();
  }

  #judge(message: Message, receiver: string, byServer: boolean): Verdict | undefined {
    const protocol = protocolOf(message.protocol);
    // It speaks by rules that nobody here knows.
    if (message.protocol !== '' && protocol === undefined) return undefined;
    const conversation = this.find(message.conversationId);
    const { resolveName } = this.#parts;
    if (conversation !== undefined) {
      const judgement = byServer
        ? conversation.judgeFailure(message.sender, receiver)
        : conversation.judge(message, receiver, protocol, resolveName);
      const anew = judgement?.step === undefined && conversation.completed && !byServer;
      if (!anew) return judgement && { conversation, judgement };
    }
    if (protocol === undefined || byServer) return undefined;
    return {
      conversation: new Conversation(message.conversationId, protocol, message.sender),
      judgement: judgeFirst(message, receiver, protocol, resolveName),
    };
  }

  #enforce(message: Message, verdict: Verdict | undefined): void {
    const violation = verdict?.judgement.violation;
    if (violation === undefined || this.#parts.protocols.mode !== 'enforce') return;
    this.#publishViolation(message, verdict as Verdict, violation);
    throw notLegal(message, (verdict as Verdict).conversation, violation);
  }

  #follow(message: Message, verdict: Verdict): void {
    const { conversation, judgement } = verdict;
    if (judgement.violation !== undefined) {
      if (this.find(conversation.id) === conversation) this.#touch(conversation);
      this.#publishViolation(message, verdict, judgement.violation);
      return;
    }
    const before = this.#tracked.get(conversation.id);
    if (before !== undefined && before.conversation !== conversation) this.#drop(before);
    const wasUnderWay = before?.conversation === conversation && !conversation.completed;
    if (conversation.take(judgement.step)) this.#participants += 1;
    if (conversation.ended) this.#forget(conversation.id);
    else this.#touch(conversation);
    this.#evict();
    if (wasUnderWay === !conversation.completed) return;
    this.#publish(wasUnderWay ? 'completed' : 'started', message, conversation);
  }

  /** Puts it behind all others, as the one that spoke last. */
  #touch(conversation: Conversation): void {
    const tracked = this.#tracked.get(conversation.id) ?? { conversation, touchedMs: 0 };
    tracked.touchedMs = performance.now();
    this.#tracked.delete(conversation.id);
    this.#tracked.set(conversation.id, tracked);
    if (this.#idleTimer === undefined) this.#schedule(this.#parts.protocols.idle_timeout_ms);
  }

  #drop({ conversation }: Tracked): void {
    this.#tracked.delete(conversation.id);
    this.#participants -= conversation.states.size;
  }

  #forget(id: string): void {
    const tracked = this.#tracked.get(id);
    if (tracked !== undefined) this.#drop(tracked);
  }

  #evict(): void {
    for (const tracked of this.#tracked.values()) {
      const fits =
        this.#tracked.size <= LIMITS.tracked_conversations &&
        this.#participants <= LIMITS.tracked_participants;
      if (fits) return;
      this.#expire(tracked, 'evicted');
    }
  }

  // One timer for all of them: the first in the map is the one that is idle for longest.
  #schedule(delayMs: number): void {
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      this.#expireIdle();
    }, delayMs);
  }

  #expireIdle(): void {
    const nowMs = performance.now();
    for (const tracked of this.#tracked.values()) {
      const leftMs = tracked.touchedMs + this.#parts.protocols.idle_timeout_ms - nowMs;
      if (leftMs > 0) {
        this.#schedule(Math.ceil(leftMs));
        return;
      }
      this.#expire(tracked, 'idle');
    }
  }

  #expire(tracked: Tracked, reason: 'idle' | 'evicted'): void {
    const { conversation } = tracked;
    this.#drop(tracked);
    if (conversation.completed) return;
    this.#parts.events.publish('conversation.expired', {
      conversation_id: conversation.id,
      protocol: conversation.protocol.name,
      from: conversation.initiator,
      participants: conversation.states.size,
      reason,
    });
  }

  #answersTo(message: Message): string {
    return message.replyTo === '' ? message.sender : this.#parts.resolveName(message.replyTo);
  }

  #timedOut(message: Message): void {
    const replyBy = new Date(message.replyByMs).toISOString();
    this.#parts.events.publish('conversation.timeout', {
      ...messageEventBody(message),
      ...(message.protocol === '' ? {} : { protocol: message.protocol }),
      reply_by: replyBy,
    });
    this.#parts.reportFailure(message.receiver, message, {
      code: 'TIMEOUT',
      message: `'${message.receiver}' did not answer by ${replyBy}; a later answer will be in the history.`,
      details: { message_id: message.messageId, reply_by: replyBy },
    });
  }

  #publish(what: 'started' | 'completed', message: Message, conversation: Conversation): void {
    const { events } = this.#parts;
    if (!events.wants(`conversation.${what}`)) return;
    events.publish(`conversation.${what}`, {
      ...messageEventBody(message),
      protocol: conversation.protocol.name,
      initiator: conversation.initiator,
      participants: conversation.states.size,
    });
  }

  #publishViolation(message: Message, { conversation }: Verdict, violation: Violation): void {
    const { events, protocols, violated } = this.#parts;
    violated?.();
    if (!events.wants('conversation.violation')) return;
    events.publish('conversation.violation', {
      ...messageEventBody(message),
      protocol: conversation.protocol.name,
      state: violation.state,
      legal_acts: violation.legalActs,
      refused: protocols.mode === 'enforce',
    });
  }
}

function notLegal(message: Message, conversation: Conversation, violation: Violation): CaxtonError {
  const { protocol } = conversation;
  const { role, state, legalActs } = violation;
  const speaker = role === undefined ? `'${message.sender}' has no part in it` : `the ${role}`;
  const mend =
    legalActs.length === 0
      ? `${speaker}${role === undefined ? '' : ' has nothing to say now'}; use another conversation_id.`
      : `legal for ${speaker} now: ${legalActs.join(', ')}.`;
  return new CaxtonError(
    'CONFLICT',
    `performative '${message.performative}' is not legal here: conversation '${conversation.id}' follows ${protocol.name} (FIPA ${protocol.specification}) and is in the state '${state}'; ${mend}`,
    {
      field: 'performative',
      conversation_id: conversation.id,
      protocol: protocol.name,
      state,
      ...(role === undefined ? {} : { role }),
      legal_acts: legalActs,
    },
  );
}
