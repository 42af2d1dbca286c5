import { wallMs, wallUs } from '../base/clock.js';
import { newSubscriptionId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { decodeContent } from '../fipa/binary.js';
import type { Message } from '../fipa/message.js';
import { EventIndex } from './event-index.js';
import { EventLog } from './event-log.js';
import { EventReader } from './event-reader.js';
import { type EventType, isFrequent } from './event-types.js';
import type { NameOf } from './message-criteria.js';
import { MessageIndex } from './message-index.js';
import { MessageLog } from './message-log.js';
import { restricted } from './restriction.js';
import { type Selection, type SubscriptionRequest, selectionOf } from './selection.js';
import {
  type EventBody,
  EventRecord,
  MessageCopy,
  messageEventBody,
  NUMBERS_PER_MESSAGE,
  type StreamedEvent,
} from './streamed-event.js';
import { Usage } from './usage.js';

/** Takes one event as JSON text. */
export type EventConsumer = (json: string, sequence: number) => void;

export interface Subscription {
  readonly id: string;
  cancel(): void;
}

type Take = (event: StreamedEvent) => void;

const KEPT = { events: LIMITS.event_log_events, bytes: LIMITS.event_log_bytes };

/**
 * Events and message copies for whoever subscribed. Whatever nobody wants isn't made: callers on
 * the message path ask `wantsMessages` or `wants` before they build anything, and what is published
 * costs as much as there are subscriptions that match.
 */
export class EventBus {
  readonly #nameOf: NameOf;
  readonly #events: EventIndex<Take>;
  readonly #filters: MessageIndex<Take>;
  readonly #messages = new MessageLog({
    messages: LIMITS.message_log_messages,
    bytes: LIMITS.message_log_bytes,
  });
  readonly #rare = new EventLog(KEPT);
  readonly #frequent = new EventLog(KEPT);
  readonly #messageUsage: Usage;
  readonly #frequentUsage: Usage;
  // Numbers are microseconds since the Unix epoch, or one more than the last: they grow from one
  // run of the server to the next, and tell which messages of the history came before.
  #sequence = wallUs();
  #subscriptions = 0;

  /** @param nameOf gives the name of an agent by its id */
  constructor(nameOf: NameOf = () => undefined) {
    this.#nameOf = nameOf;
    this.#events = new EventIndex(nameOf);
    this.#filters = new MessageIndex(nameOf);
    this.#rare.start(this.#sequence);
    this.#messageUsage = usageOf(this.#messages, () => this.#number(1));
    this.#frequentUsage = usageOf(this.#frequent, () => this.#number(1));
  }

  /** Whether any subscription may want messages or events of each, or did a short while ago. */
  get wantsMessages(): boolean {
    return this.#messages.recording;
  }

  get subscriptions(): number {
    return this.#subscriptions;
  }

  /** The last number that was given out. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Whether an event of this type is of use to anybody; callers on the message path ask first. */
  wants(type: EventType): boolean {
    return this.#events.wants(type) || !isFrequent(type) || this.#frequent.recording;
  }

  /** Delivers as JSON text from now on. */
  subscribe(request: SubscriptionRequest, consume: EventConsumer): Subscription {
    const id = newSubscriptionId();
    const take = restricted(request.allows, (event: StreamedEvent) =>
      consume(event.json(id), event.sequence),
    );
    const cancel = this.attach(selectionOf(request), take);
    return { id, cancel };
  }

  /** Delivers from now on. @returns what ends it */
  attach(selection: Selection, take: Take): () => void {
    const ends = [this.hold(selection), this.#events.add(selection.events, take)];
    if (selection.messages !== undefined) ends.push(this.#filters.add(selection.messages, take));
    this.#subscriptions += 1;
    let attached = true;
    return () => {
      if (!attached) return;
      attached = false;
      this.#subscriptions -= 1;
      for (const end of ends) end();
    };
  }

  /** Keeps from now on what this selection may want, until it is attached. @returns what ends it */
  hold(selection: Selection): () => void {
    const ends: Array<() => void> = [];
    if (selection.usesMessages) ends.push(this.#messageUsage.begin());
    if (selection.usesFrequent) ends.push(this.#frequentUsage.begin());
    return () => {
      for (const end of ends) end();
    };
  }

  /** Reads what was kept behind a number. */
  reader(selection: Selection, sequence: number): EventReader {
    const logs = { messages: this.#messages, rare: this.#rare, frequent: this.#frequent };
    return new EventReader(logs, selection, this.#nameOf, sequence);
  }

  /** Publishes an event of a type such as `agent.deployed`. */
  publish(type: EventType, body: EventBody): void {
    const log = isFrequent(type) ? this.#frequent : this.#rare;
    if (!log.recording && !this.#events.wants(type)) return;
    const record = new EventRecord(type, this.#number(1), wallMs(), body);
    log.append(record);
    this.#events.match(record, (take) => take(record));
  }

  /**
   * Publishes `message.sent` and `message.delivered`, and hands the message to subscriptions that
   * asked for it.
   * @param message may lack its content
   * @param source holds its binary form at `offset`
   */
  publishMessage(message: Message, source: Buffer, offset: number): void {
    const first = this.#number(NUMBERS_PER_MESSAGE);
    this.#messages.append(first + NUMBERS_PER_MESSAGE - 1, source, offset);
    this.#publishAs('message.sent', first, message);
    let copy: MessageCopy | undefined;
    this.#filters.match(message, (take) => {
      if (copy === undefined) {
        if (message.content === '') decodeContent(source, offset, message);
        copy = new MessageCopy(first + 1, message);
      }
      take(copy);
    });
    this.#publishAs('message.delivered', first + 2, message);
  }

  #publishAs(type: EventType, sequence: number, message: Message): void {
    if (!this.#events.wants(type)) return;
    const timeMs = message.timestampUs / 1_000;
    const record = new EventRecord(type, sequence, timeMs, messageEventBody(message));
    this.#events.match(record, (take) => take(record));
  }

  /** The first of so many numbers. */
  #number(count: number): number {
    const first = Math.max(this.#sequence + 1, wallUs());
    this.#sequence = first + count - 1;
    return first;
  }
}

// A number of its own marks the start: what came before, and may have had none, is not there.
function usageOf(log: MessageLog | EventLog, number: () => number): Usage {
  return new Usage(
    LIMITS.event_linger_ms,
    () => log.start(number()),
    () => log.stop(),
  );
}
