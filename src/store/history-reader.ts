import { setImmediate as nextTurn } from 'node:timers/promises';
import { LIMITS } from '../base/limits.js';
import type { Message } from '../fipa/message.js';
import {
  CURSOR_HISTORY_ASCENDING,
  CURSOR_HISTORY_DESCENDING,
  decodeCursor,
  encodeCursor,
} from './cursor.js';
import { idTimeUs } from './id-time.js';
import { MessageReader } from './message-reader.js';
import { type Filter, filtersOf, PostingReader } from './posting-reader.js';
import { type Segment, segmentAt, segmentsIn } from './segment.js';
import type { HistoryPage, HistoryQuery } from './store.js';
import { readState, type Snapshot, type StoreState, type Tables } from './tables.js';
import { type TimeRange, TimeZone } from './time-zone.js';

/** Segments looked at before other work of the event loop has its turn. */
const SEGMENTS_PER_TURN = 64;

/** Numbers of the messages that may be shown, `from` inclusive, `to` exclusive. */
interface Window {
  readonly from: number;
  readonly to: number;
}

/** The messages that count against the limit, oldest first to go. */
export function keptWindow(state: StoreState, historyMaxMessages: number): Window {
  const from = Math.max(state.firstNumber, state.nextNumber - historyMaxMessages);
  return { from, to: state.nextNumber };
}

/** The matches in one segment; their numbers are made only for the segments that a page shows. */
interface Matches {
  readonly count: number;
  /** In the order of the query. */
  numbers(): number[];
}

const NO_MATCHES: Matches = { count: 0, numbers: () => [] };

/** Answers queries over the history from one snapshot of the store. */
export class HistoryReader {
  readonly #tables: Tables;
  readonly #snapshot: Snapshot;
  readonly #state: StoreState;
  readonly #window: Window;
  readonly #messages: MessageReader;

  constructor(tables: Tables, snapshot: Snapshot, historyMaxMessages: number) {
    this.#tables = tables;
    this.#snapshot = snapshot;
    this.#state = readState(tables, snapshot);
    this.#window = keptWindow(this.#state, historyMaxMessages);
    this.#messages = new MessageReader(tables, snapshot);
  }

  async page(query: HistoryQuery): Promise<HistoryPage> {
    const reverse = query.order === 'desc';
    const list = reverse ? CURSOR_HISTORY_DESCENDING : CURSOR_HISTORY_ASCENDING;
    const after = query.cursor === undefined ? undefined : decodeCursor(list, query.cursor);
    const numbers: number[] = [];
    const total = await this.#walk(query, reverse, after, (number) => {
      const beyond = after !== undefined && (reverse ? number >= after : number <= after);
      if (!beyond && numbers.length <= query.limit) numbers.push(number);
      return numbers.length <= query.limit;
    });
    const messages = this.#read(numbers.slice(0, query.limit));
    const more = numbers.length > messages.length;
    return {
      messages,
      total,
      nextCursor: more ? encodeCursor(list, numbers[messages.length - 1]!) : undefined,
    };
  }

  /** Newest first, without content, until `take` returns false. */
  async walk(sinceMs: number, take: (message: Message) => boolean): Promise<void> {
    await this.#walk({ sinceMs, order: 'desc', limit: 0 }, true, undefined, (number) =>
      take(this.#messages.read(number, false)),
    );
  }

  /** The first of these messages: large ones make a short page. */
  #read(numbers: readonly number[]): Message[] {
    const messages: Message[] = [];
    let bytes = 0;
    for (const number of numbers) {
      if (bytes > LIMITS.page_bytes) break;
      messages.push(this.#messages.read(number));
      bytes += this.#messages.bytesOf(number);
    }
    return messages;
  }

  /** One message by id: looked for among those that were accepted about when the id was made. */
  async message(messageId: string): Promise<Message | undefined> {
    const time = this.#timeOfId(messageId);
    if (time === undefined) return undefined;
    let turn = 0;
    for (const segment of this.#segments(time, true)) {
      if (++turn % 16 === 0) await nextTurn();
      for (const number of this.#inSegment(segment, time, true).numbers()) {
        const found = this.#messages.read(number, false).messageId === messageId;
        if (found) return this.#messages.read(number);
      }
    }
    return undefined;
  }

  #timeOfId(messageId: string): TimeRange | undefined {
    const idUs = idTimeUs(messageId);
    if (idUs !== undefined) {
      return { fromUs: idUs - this.#state.idSkewUs, toUs: idUs + this.#state.idSkewUs + 1 };
    }
    if (!this.#state.foreignIds) return undefined;
    return { fromUs: Number.NEGATIVE_INFINITY, toUs: Number.POSITIVE_INFINITY };
  }

  /**
   * Shows every match in order to `take` until it has enough.
   * @returns how many matches there are in all
   */
  async #walk(
    query: HistoryQuery,
    reverse: boolean,
    after: number | undefined,
    take: (number: number) => boolean,
  ): Promise<number> {
    const filters = filtersOf(query);
    const timed = query.sinceMs !== undefined || query.untilMs !== undefined;
    const time = {
      fromUs: query.sinceMs === undefined ? Number.NEGATIVE_INFINITY : query.sinceMs * 1_000,
      toUs: query.untilMs === undefined ? Number.POSITIVE_INFINITY : query.untilMs * 1_000,
    };
    if (filters.length === 0 && !timed) return this.#walkAll(reverse, after, take);
    const segments =
      filters.length === 0
        ? this.#wholeSegments(time, reverse)
        : this.#filteredSegments(filters, time, reverse);
    let total = 0;
    let wants = true;
    let turn = 0;
    for (const matches of segments) {
      total += matches.count;
      const numbers = wants ? matches.numbers() : [];
      for (let i = 0; wants && i < numbers.length; i++) wants = take(numbers[i]!);
      if (++turn % SEGMENTS_PER_TURN === 0) await nextTurn();
    }
    return total;
  }

  // Without a filter every number is a match, and counting is subtraction.
  #walkAll(reverse: boolean, after: number | undefined, take: (number: number) => boolean): number {
    const { from, to } = this.#window;
    const step = reverse ? -1 : 1;
    const edge = reverse ? to : from - 1;
    const before = reverse ? Math.min(edge, after ?? edge) : Math.max(edge, after ?? edge);
    for (let number = before + step; number >= from && number < to; number += step) {
      if (!take(number)) break;
    }
    return to - from;
  }

  *#wholeSegments(time: TimeRange, reverse: boolean): Generator<Matches> {
    for (const segment of this.#segments(time, reverse)) {
      yield this.#inSegment(segment, time, reverse);
    }
  }

  *#filteredSegments(
    filters: readonly Filter[],
    time: TimeRange,
    reverse: boolean,
  ): Generator<Matches> {
    const postings = new PostingReader(this.#tables, this.#snapshot);
    for (const segment of this.#segments(time, reverse)) {
      yield this.#matches(postings.matching(filters, segment), segment, time, reverse);
    }
  }

  #inSegment(segment: Segment, time: TimeRange, reverse: boolean): Matches {
    const places = Uint16Array.from({ length: segment.count }, (_, place) => place);
    return this.#matches(places, segment, time, reverse);
  }

  /** Leaves out what is outside the window and the time. @param places within the segment */
  #matches(places: Uint16Array, segment: Segment, time: TimeRange, reverse: boolean): Matches {
    if (places.length === 0) return NO_MATCHES;
    const { first } = segment;
    const numbersOf = (): number[] => Array.from(places, (place) => first + place);
    const inOrder = (numbers: number[]): number[] => (reverse ? numbers.reverse() : numbers);
    const { from, to } = this.#window;
    const inWindow = first + places[0]! >= from && first + places.at(-1)! < to;
    const inTime = segment.earliestUs >= time.fromUs && segment.latestUs < time.toUs;
    if (inWindow && inTime) {
      return { count: places.length, numbers: () => inOrder(numbersOf()) };
    }
    let numbers = numbersOf().filter((number) => number >= from && number < to);
    if (!inTime) numbers = this.#withinTime(segment, numbers, time);
    return { count: numbers.length, numbers: () => inOrder(numbers) };
  }

  #withinTime(segment: Segment, numbers: number[], time: TimeRange): number[] {
    if (segment.latestUs < time.fromUs || segment.earliestUs >= time.toUs) return [];
    // What is outside the window may not be on disk any more.
    const first = Math.max(segment.first, this.#window.from);
    const end = Math.min(segment.first + segment.count, this.#window.to);
    const timeOf = (number: number): number => this.#messages.read(number, false).timestampUs;
    const zone = new TimeZone(time, first, end, this.#state.disorderUs, timeOf);
    return numbers.filter((number) => zone.has(number));
  }

  *#segments(time: TimeRange, reverse: boolean): Generator<Segment> {
    const bounds = this.#segmentBounds(time);
    if (bounds === undefined) return;
    yield* segmentsIn(this.#tables, { ...bounds, reverse }, this.#snapshot);
  }

  /**
   * First and last segment that can hold messages of this time. The latest timestamp so far rises
   * from segment to segment, so it can be searched by halves; `disorderUs` says how far behind it
   * a message may be at most.
   */
  #segmentBounds(time: TimeRange): { from: number; to: number } | undefined {
    const { from: low, to: high } = this.#allBounds() ?? { from: 0, to: -1 };
    const from = this.#firstSegment(low, high, (s) => s.latestSoFarUs >= time.fromUs);
    if (from === undefined) return undefined;
    const certainUs = time.toUs + this.#state.disorderUs;
    const last = this.#firstSegment(from, high, (s) => s.latestSoFarUs >= certainUs);
    // That segment itself may begin before the time ends; those behind it don't.
    return { from, to: last ?? high };
  }

  #allBounds(): { from: number; to: number } | undefined {
    const { from, to } = this.#window;
    const first = this.#segmentAt(from);
    const last = this.#segmentAt(to - 1);
    return from < to && first && last ? { from: first.first, to: last.first } : undefined;
  }

  /** The first segment from `low` to `high` for which a test holds that holds for all behind it. */
  #firstSegment(
    low: number,
    high: number,
    test: (segment: Segment) => boolean,
  ): number | undefined {
    let from = low;
    let to = high + 1;
    let found: number | undefined;
    while (from < to) {
      const segment = this.#segmentAt(Math.floor((from + to) / 2))!;
      if (test(segment)) {
        found = segment.first;
        to = segment.first;
      } else from = segment.first + segment.count;
    }
    return found;
  }

  /** The segment that holds this message. */
  #segmentAt(number: number): Segment | undefined {
    return segmentAt(this.#tables, number, this.#snapshot);
  }
}
