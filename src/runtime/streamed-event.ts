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
  /** How many bytes the same is in UTF-8, for an id of so many. */
  jsonBytes(idBytes: number): number;
  /**
   * The same in UTF-8. The bytes are those of all subscriptions, with this one's id put in: they
   * are valid until this is called again.
   */
  jsonFor(subscriptionId: Uint8Array): Uint8Array;
}

/** A message takes three: as `message.sent`, as itself, as `message.delivered`. */
export const NUMBERS_PER_MESSAGE = 3;

const NO_FIELDS: EventBody = Object.freeze({});

/** An event's text in UTF-8, made once, with a place for the id of whose subscription it goes to. */
class SharedText {
  readonly bytes: Buffer;
  readonly #idAt: number;

  constructor(head: string, tail: string, idBytes: number) {
    this.#idAt = Buffer.byteLength(head, 'utf8');
    this.bytes = Buffer.from(`${head}${' '.repeat(idBytes)}${tail}`, 'utf8');
  }

  with(id: Uint8Array): Buffer {
    const { bytes } = this;
    const at = this.#idAt;
    // Ids are short: a call to copy one would cost more than the copy.
    for (let i = 0; i < id.length; i++) bytes[at + i] = id[i] as number;
    return bytes;
  }
}

/** What events and copies of messages share. */
abstract class JsonEvent {
  #shared: SharedText | undefined;
  #idBytes = 0;

  protected abstract jsonParts(): readonly [head: string, tail: string];

  json(subscriptionId: string): string {
    const [head, tail] = this.jsonParts();
    return head + subscriptionId + tail;
  }

  jsonBytes(idBytes: number): number {
    return this.#sharedFor(idBytes).bytes.length;
  }

  jsonFor(subscriptionId: Uint8Array): Uint8Array {
    return this.#sharedFor(subscriptionId.length).with(subscriptionId);
  }

  #sharedFor(idBytes: number): SharedText {
    if (this.#shared === undefined || this.#idBytes !== idBytes) {
      const [head, tail] = this.jsonParts();
      this.#shared = new SharedText(head, tail, idBytes);
      this.#idBytes = idBytes;
    }
    return this.#shared;
  }
}

export class EventRecord extends JsonEvent implements StreamedEvent {
  readonly type: EventType;
  readonly sequence: number;
  readonly timeMs: number;
  readonly body: EventBody;
  readonly message = undefined;
  #head = '';

  constructor(type: EventType, sequence: number, timeMs: number, body: EventBody) {
    super();
    this.type = type;
    this.sequence = sequence;
    this.timeMs = timeMs;
    this.body = body;
  }

  /** The same event without the texts that were made of it, which take many times its memory. */
  bare(): EventRecord {
    return new EventRecord(this.type, this.sequence, this.timeMs, this.body);
  }

  protected jsonParts(): readonly [string, string] {
    if (this.#head === '') {
      const fields = { type: this.type, ...this.body, timestamp: rfc3339(this.timeMs) };
      this.#head = JSON.stringify(fields).slice(0, -1);
    }
    return [`${this.#head},"seq":${this.sequence},"subscription_id":"`, '"}'];
  }
}

export class MessageCopy extends JsonEvent implements StreamedEvent {
  readonly type = 'message';
  readonly sequence: number;
  readonly message: Message;
  readonly body = NO_FIELDS;
  #text = '';

  constructor(sequence: number, message: Message) {
    super();
    this.sequence = sequence;
    this.message = message;
  }

  get timeMs(): number {
    return this.message.timestampUs / 1_000;
  }

  protected jsonParts(): readonly [string, string] {
    if (this.#text === '') this.#text = messageJsonText(this.message);
    return [
      '{"type":"message","subscription_id":"',
      `","seq":${this.sequence},"message":${this.#text}}`,
    ];
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
