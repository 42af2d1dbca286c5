import { setImmediate as nextTurn } from 'node:timers/promises';
import { newSubscriptionId } from '../base/ids.js';
import type { Message } from '../fipa/message.js';
import type { EventReader } from './event-reader.js';
import type { EventBus } from './events.js';
import { HistoryReplay, type HistoryReplayParts } from './history-replay.js';
import { restricted } from './restriction.js';
import { type Selection, type SubscriptionRequest, selectionOf } from './selection.js';
import { MessageCopy, type StreamedEvent } from './streamed-event.js';

export interface StreamRequest extends SubscriptionRequest {
  /** The last `seq` that a client has seen: it wants what came after. */
  readonly resumeFrom?: number | undefined;
}

/** Where a stream's events go. */
export interface EventSink {
  take(event: StreamedEvent): void;
  /** Resolves when old events can be taken again, or the stream was cancelled; undefined = now. */
  room(): Promise<void> | undefined;
  /** Old events up to this number were dropped before the reader had taken them. */
  missed(lastSequence: number): void;
}

/** What came of `resume_from`. */
export interface Resumption {
  /** Whether everything since then follows. */
  readonly resumed: boolean;
  /** How many do not; null where nobody knows. */
  readonly missed: number | null;
  /** Whether messages may follow that were seen already: the history knows times, not numbers. */
  readonly mayRepeat: boolean;
}

export interface EventStream {
  readonly id: string;
  /** Where the stream begins, for a client that is to resume before it got an event. */
  readonly sequence: number;
  /** Undefined when the request asked for no earlier events. */
  readonly resumption: Resumption | undefined;
  /** Nothing is delivered before; to be called in the same turn in which the stream was got. */
  start(): void;
  cancel(): void;
}

export interface EventStreamsParts extends HistoryReplayParts {
  readonly bus: EventBus;
  /**
   * How long before its number a message may have been given its time: as long as the agent that
   * sent it may have gone on with what it was doing, in milliseconds.
   */
  readonly lagMs: () => number;
}

/** Opens streams of events: from now on, or from where a client was when it lost its connection. */
export class EventStreams {
  readonly #parts: EventStreamsParts;

  constructor(parts: EventStreamsParts) {
    this.#parts = parts;
  }

  /**
   * Answers at once unless the history has to be read.
   * @throws CaxtonError UNAVAILABLE when the history can't be read
   */
  open(request: StreamRequest, unrestricted: EventSink): EventStream | Promise<EventStream> {
    const { bus } = this.#parts;
    const sink = restrictedSink(request, unrestricted);
    const selection = selectionOf(request);
    const from = request.resumeFrom;
    if (from === undefined) return new Stream(bus, selection, sink, {});
    const reader = bus.reader(selection, from);
    const complete = reader.hasAllEvents && reader.hasAllMessages && from <= bus.sequence;
    const fromHistory = selection.messages !== undefined && !reader.hasAllMessages;
    if (!fromHistory || from > bus.sequence) {
      reader.skipGap();
      const resumption = { resumed: complete, missed: complete ? 0 : null, mayRepeat: false };
      return new Stream(bus, selection, sink, { reader, resumption });
    }
    return this.#fromHistory(selection, sink, reader, from);
  }

  async #fromHistory(
    selection: Selection,
    sink: EventSink,
    reader: EventReader,
    from: number,
  ): Promise<EventStream> {
    const { bus, lagMs } = this.#parts;
    // From now on nothing is lost, however long the reading takes.
    const release = bus.hold(selection);
    try {
      const sinceMs = Math.floor(from / 1_000) - lagMs();
      const replay = new HistoryReplay(
        this.#parts,
        selection.messages ?? {},
        sinceMs,
        () => reader.messagesFloor,
      );
      const reaches = await replay.begin();
      // What can still be missing are events: the history holds messages alone.
      const resumed = reaches && reader.hasAllEvents && !usesMessageEvents(selection);
      const resumption = { resumed, missed: resumed ? 0 : null, mayRepeat: reaches };
      reader.messagesFrom(replay.mark);
      reader.skipGap();
      const old = reaches ? new OldMessages(replay, reader, from) : undefined;
      return new Stream(bus, selection, sink, { reader, resumption, old, release });
    } catch (error) {
      release();
      throw error;
    }
  }
}

// Here, so that it holds for what comes, for what was kept and for the history alike.
function restrictedSink({ allows }: StreamRequest, sink: EventSink): EventSink {
  if (allows === undefined) return sink;
  return {
    take: restricted(allows, (event) => sink.take(event)),
    room: () => sink.room(),
    missed: (lastSequence) => sink.missed(lastSequence),
  };
}

function usesMessageEvents({ events }: Selection): boolean {
  return events.types.has('message.sent') || events.types.has('message.delivered');
}

/** Messages of the history up to the first that is in memory, between the events of that time. */
class OldMessages {
  readonly #replay: HistoryReplay;
  readonly #reader: EventReader;
  #sequence: number;

  constructor(replay: HistoryReplay, reader: EventReader, sequence: number) {
    this.#replay = replay;
    this.#reader = reader;
    this.#sequence = sequence;
  }

  async *events(): AsyncGenerator<StreamedEvent> {
    for (;;) {
      const page = await this.#replay.page();
      if (page === undefined) break;
      for (const message of page) {
        const before = this.#reader.beforeMessage(message);
        if (before !== undefined) {
          this.#reader.messagesFrom(before);
          return;
        }
        yield* this.#upTo(message);
      }
    }
    // None of them is in memory: what is there came after the last page was read.
    this.#reader.messagesFrom(this.#replay.mark);
  }

  // The history knows when a message was accepted and not its number, which is about the same.
  *#upTo(message: Message): Generator<StreamedEvent> {
    const sequence = Math.max(this.#sequence, Math.floor(message.timestampUs));
    this.#sequence = sequence;
    let event = this.#reader.nextEvent(sequence);
    while (event !== undefined) {
      yield event;
      event = this.#reader.nextEvent(sequence);
    }
    yield new MessageCopy(sequence, message);
  }
}

interface Beginning {
  readonly reader?: EventReader;
  readonly resumption?: Resumption;
  readonly old?: OldMessages | undefined;
  /** Ends what keeps events for the stream until it is live. */
  readonly release?: () => void;
}

/** Old events first, as fast as the sink takes them; then, without a gap, those that come. */
class Stream implements EventStream {
  readonly id = newSubscriptionId();
  readonly sequence: number;
  readonly resumption: Resumption | undefined;
  readonly #bus: EventBus;
  readonly #selection: Selection;
  readonly #sink: EventSink;
  readonly #beginning: Beginning;
  #release: () => void;
  #cancelled = false;

  constructor(bus: EventBus, selection: Selection, sink: EventSink, beginning: Beginning) {
    this.#bus = bus;
    this.#selection = selection;
    this.#sink = sink;
    this.#beginning = beginning;
    this.resumption = beginning.resumption;
    this.#release = beginning.release ?? bus.hold(selection);
    this.sequence = bus.sequence;
  }

  start(): void {
    if (this.#cancelled) return;
    const { reader } = this.#beginning;
    if (reader === undefined) this.#goLive();
    else void this.#catchUp(reader);
  }

  cancel(): void {
    this.#cancelled = true;
    this.#release();
  }

  async #catchUp(reader: EventReader): Promise<void> {
    const { old } = this.#beginning;
    if (old !== undefined) await this.#takeOld(old);
    while (!this.#cancelled) {
      const last = reader.skipGap();
      if (last > 0) this.#sink.missed(last);
      const event = reader.next();
      if (event === 'later') {
        await nextTurn();
        continue;
      }
      // In the same turn, so that nothing comes in between.
      if (event === undefined) return this.#goLive();
      this.#sink.take(event);
      const room = this.#sink.room();
      if (room !== undefined) await room;
    }
  }

  async #takeOld(old: OldMessages): Promise<void> {
    try {
      for await (const event of old.events()) {
        if (this.#cancelled) return;
        this.#sink.take(event);
        const room = this.#sink.room();
        if (room !== undefined) await room;
        if (this.#cancelled) return;
      }
    } catch {
      // The history can't be read on: what it would have given is missing.
      if (!this.#cancelled) this.#sink.missed(this.sequence);
    }
  }

  #goLive(): void {
    const detach = this.#bus.attach(this.#selection, (event) => this.#sink.take(event));
    this.#release();
    this.#release = detach;
  }
}
