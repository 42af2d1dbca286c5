import { rfc3339 } from '../base/clock.js';
import { type Envelope, type Message, messageJsonText } from '../fipa/message.js';
import type { EventType } from './event-types.js';

/** What an event is about; `type` and `timestamp` are put in by the bus. */
export interface EventBody {
  readonly agent_id?: string | undefined;
  readonly [field: string]: unknown;
}

/** What a subscriber gets: an event, or the copy of a message. The same one goes to many. */
export interface StreamedEvent {
  readonly type: EventType | 'message';
  /** Its place in the order of all; grows also from one run of the server to the next. */
  readonly sequence: number;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** The event's own fields; a message has none. */
  readonly body: EventBody;
  /** There when the type is `message`. */
  readonly message: Message | undefined;
  /** As docs/websocket.md shows it. */
  json(subscriptionId: string): string;
}

/** A message takes three: as `message.sent`, as itself, as `message.delivered`. */
export const NUMBERS_PER_MESSAGE = 3;

const NO_FIELDS: EventBody = Object.freeze({});

export class EventRecord implements StreamedEvent {
  readonly type: EventType;
  readonly sequence: number;
  readonly timeMs: number;
  readonly body: EventBody;
  readonly message = undefined;
  #head = '';

  constructor(type: EventType, sequence: number, timeMs: number, body: EventBody) {
    this.type = type;
    this.sequence = sequence;
    this.timeMs = timeMs;
    this.body = body;
  }

  json(subscriptionId: string): string {
    if (this.#head === '') {
      const fields = { type: this.type, ...this.body, timestamp: rfc3339(this.timeMs) };
      this.#head = JSON.stringify(fields).slice(0, -1);
    }
    return `${this.#head},"seq":${this.sequence},"subscription_id":"${subscriptionId}"}`;
  }
}

export class MessageCopy implements StreamedEvent {
  readonly type = 'message';
  readonly sequence: number;
  readonly message: Message;
  readonly body = NO_FIELDS;
  #text = '';

  constructor(sequence: number, message: Message) {
    this.sequence = sequence;
    this.message = message;
  }

  get timeMs(): number {
    return this.message.timestampUs / 1_000;
  }

  json(subscriptionId: string): string {
    if (this.#text === '') this.#text = messageJsonText(this.message);
    return (
      `{"type":"message","subscription_id":"${subscriptionId}","seq":${this.sequence},` +
      `"message":${this.#text}}`
    );
  }
}

/** The fields of a `message.*` event. */
export function messageEventBody(message: Envelope): EventBody {
  return {
    message_id: message.messageId,
    from: message.sender,
    to: message.receiver,
    performative: message.performative,
    conversation_id: message.conversationId,
  };
}
