import type { Message } from '../fipa/message.js';
import { matchesEvent } from './event-index.js';
import type { EventLog } from './event-log.js';
import { matchesMessage, type NameOf } from './message-criteria.js';
import type { KeptMessage, MessageLog } from './message-log.js';
import type { Selection } from './selection.js';
import {
  EventRecord,
  MessageCopy,
  messageEventBody,
  NUMBERS_PER_MESSAGE,
  type StreamedEvent,
} from './streamed-event.js';

export interface EventLogs {
  readonly messages: MessageLog;
  readonly rare: EventLog;
  readonly frequent: EventLog;
}

const LOOKED_AT_ONCE = 500;

/**
 * Reads for one subscription what was kept, in the order of its numbers. It takes nothing along: a
 * reader that is slow finds a gap where what it hasn't read yet was dropped.
 */
export class EventReader {
  readonly #logs: EventLogs;
  readonly #selection: Selection;
  readonly #nameOf: NameOf;
  /** Everything up to and with these numbers was read. */
  #rare: number;
  #frequent: number;
  #messages: number;
  // What was made of the message last read and not handed out yet.
  #made: StreamedEvent[] = [];

  constructor(logs: EventLogs, selection: Selection, nameOf: NameOf, sequence: number) {
    this.#logs = logs;
    this.#selection = selection;
    this.#nameOf = nameOf;
    this.#rare = sequence;
    this.#frequent = sequence;
    this.#messages = sequence;
  }

  /** Whether all events behind those that were read are here. */
  get hasAllEvents(): boolean {
    const { usesRare, usesFrequent } = this.#selection;
    const { rare, frequent } = this.#logs;
    return (
      (!usesRare || this.#rare >= rare.floor) && (!usesFrequent || this.#frequent >= frequent.floor)
    );
  }

  /** Whether all messages behind those that were read are here. */
  get hasAllMessages(): boolean {
    return !this.#selection.usesMessages || this.#messages >= this.#logs.messages.floor;
  }

  /** Goes on behind what is missing. @returns the last number of that; 0 = nothing is */
  skipGap(): number {
    let last = 0;
    const behind = (position: number, floor: number, used: boolean): number => {
      if (!used || position >= floor) return position;
      last = Math.max(last, floor);
      return floor;
    };
    const { usesRare, usesFrequent, usesMessages } = this.#selection;
    this.#rare = behind(this.#rare, this.#logs.rare.floor, usesRare);
    this.#frequent = behind(this.#frequent, this.#logs.frequent.floor, usesFrequent);
    this.#messages = behind(this.#messages, this.#logs.messages.floor, usesMessages);
    return last;
  }

  /** The messages up to this number came from elsewhere. */
  messagesFrom(sequence: number): void {
    this.#messages = sequence;
  }

  get messagesFloor(): number {
    return this.#logs.messages.floor;
  }

  /** The number before those of a message; undefined when it isn't kept. */
  beforeMessage(message: Message): number | undefined {
    const last = this.#logs.messages.find(message);
    return last === undefined ? undefined : last - NUMBERS_PER_MESSAGE;
  }

  /**
   * The next one that is wanted; undefined when everything was read. After a long search `later`:
   * other work of the event loop shall have its turn.
   */
  next(): StreamedEvent | 'later' | undefined {
    const more = this.#readMessages();
    const before = this.#made[0]?.sequence ?? (more ? this.#messages : undefined);
    return this.nextEvent(before) ?? this.#made.shift() ?? (more ? 'later' : undefined);
  }

  /** The next event that isn't made of a message, when it comes before this number. */
  nextEvent(before = Number.POSITIVE_INFINITY): StreamedEvent | undefined {
    const { usesRare, usesFrequent, events } = this.#selection;
    for (;;) {
      const rare = usesRare ? this.#logs.rare.after(this.#rare) : undefined;
      const frequent = usesFrequent ? this.#logs.frequent.after(this.#frequent) : undefined;
      const isRare = (rare?.sequence ?? before) <= (frequent?.sequence ?? before);
      const event = isRare ? rare : frequent;
      if (event === undefined || event.sequence >= before) return undefined;
      if (isRare) this.#rare = event.sequence;
      else this.#frequent = event.sequence;
      if (matchesEvent(events, event, this.#nameOf)) return event;
    }
  }

  /** Until one is wanted. @returns whether there may be more behind those looked at */
  #readMessages(): boolean {
    if (!this.#selection.usesMessages) return false;
    for (let looked = 0; this.#made.length === 0; looked++) {
      if (looked === LOOKED_AT_ONCE) return true;
      const found = this.#logs.messages.after(this.#messages);
      if (found === undefined) return false;
      const read = this.#messages;
      this.#messages = found.sequence;
      this.#made = this.#wantedOf(found).filter(({ sequence }) => sequence > read);
    }
    return true;
  }

  /** As they were published: under three numbers, the last of which is given. */
  #wantedOf(kept: KeptMessage): StreamedEvent[] {
    const { message, sequence: last } = kept;
    const { events, messages } = this.#selection;
    const timeMs = message.timestampUs / 1_000;
    const body = messageEventBody(message);
    const sent = new EventRecord('message.sent', last - 2, timeMs, body);
    const delivered = new EventRecord('message.delivered', last, timeMs, body);
    const made: StreamedEvent[] = matchesEvent(events, sent, this.#nameOf) ? [sent] : [];
    if (messages !== undefined && matchesMessage(messages, message, this.#nameOf)) {
      made.push(new MessageCopy(last - 1, this.#logs.messages.withContent(kept)));
    }
    if (matchesEvent(events, delivered, this.#nameOf)) made.push(delivered);
    return made;
  }
}
