import { monotonicUs } from '../base/clock.js';
import { CaxtonError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Message } from '../fipa/message.js';
import type { EventBus } from './events.js';

/**
 * Ends what agents would say to each other for ever: a message that an agent sends while it handles
 * another is one hop further than that, and one that is further than the limit is refused.
 */
export class HopLimit {
  readonly #limit: number;
  readonly #events: EventBus;
  #ended = 0;
  #toldMs = Number.NEGATIVE_INFINITY;

  /** @param limit 0 = none */
  constructor(limit: number, events: EventBus) {
    this.#limit = limit === 0 ? Number.POSITIVE_INFINITY : limit;
    this.#events = events;
  }

  /** @throws CaxtonError RESOURCE_LIMIT_EXCEEDED when a message may not go so far */
  check(hops: number): void {
    if (hops > this.#limit) throw tooFar(this.#limit);
  }

  /**
   * Whether a message is so far that its sender isn't told of its refusal any more: it was told
   * once, sent this for an answer, and would go on like that.
   */
  isSpent(hops: number): boolean {
    return hops > this.#limit + 1;
  }

  /** Tells by an alert that a message was refused for this; of many within a second only once. */
  ended(message: Message): void {
    this.#ended += 1;
    const nowMs = monotonicUs() / 1_000;
    if (nowMs - this.#toldMs < LIMITS.alert_sample_ms) return;
    this.#toldMs = nowMs;
    this.#events.publish('system.alert', {
      severity: 'warning',
      message: 'What agents said to each other without end was ended',
      agent_id: message.sender,
      details: {
        condition: 'hop_limit',
        limit: this.#limit,
        message_id: message.messageId,
        conversation_id: message.conversationId,
        agent_id: message.sender,
        receiver: message.receiver,
        refused: this.#ended,
      },
    });
  }
}

export function isTooFar(refusal: CaxtonError): boolean {
  return refusal.details.resource === 'hops';
}

function tooFar(limit: number): CaxtonError {
  return new CaxtonError(
    'RESOURCE_LIMIT_EXCEEDED',
    `More than ${limit} messages of agents led to this one, each sent while the one before was handled. Let the agents end what they say to each other, let a timer send what goes on for ever, or raise limits.hops.`,
    { resource: 'hops', limit },
  );
}
