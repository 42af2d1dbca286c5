import type { EventRecord } from './streamed-event.js';

export interface EventLogBounds {
  readonly events: number;
  readonly bytes: number;
}

interface Entry {
  readonly record: EventRecord;
  readonly bytes: number;
}

/** About what an event takes beside its texts. */
const RECORD_BYTES = 256;

/** The last events, within bounds, for those that come back and ask what they missed. */
export class EventLog {
  readonly #bounds: EventLogBounds;
  #entries: Entry[] = [];
  // Index of the oldest; shifting a long array would cost its length each time.
  #head = 0;
  #bytes = 0;
  #recording = false;
  #floor = Number.POSITIVE_INFINITY;

  constructor(bounds: EventLogBounds) {
    this.#bounds = bounds;
  }

  get recording(): boolean {
    return this.#recording;
  }

  /** Everything with a higher number is here. */
  get floor(): number {
    return this.#floor;
  }

  /** @param sequence the last number that was given out */
  start(sequence: number): void {
    this.#recording = true;
    this.#floor = sequence;
  }

  stop(): void {
    this.#recording = false;
    this.#floor = Number.POSITIVE_INFINITY;
    this.#entries = [];
    this.#head = 0;
    this.#bytes = 0;
  }

  append(record: EventRecord): void {
    if (!this.#recording) return;
    const bytes = RECORD_BYTES + bytesOf(record.body);
    this.#entries.push({ record: record.bare(), bytes });
    this.#bytes += bytes;
    while (
      this.#entries.length - this.#head > this.#bounds.events ||
      this.#bytes > this.#bounds.bytes
    ) {
      this.#dropOldest();
    }
  }

  /** The first one behind this number. */
  after(sequence: number): EventRecord | undefined {
    let low = this.#head;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#entries[middle]!.record.sequence > sequence) high = middle;
      else low = middle + 1;
    }
    return this.#entries[low]?.record.bare();
  }

  #dropOldest(): void {
    const { record, bytes } = this.#entries[this.#head] as Entry;
    this.#head += 1;
    this.#bytes -= bytes;
    this.#floor = record.sequence;
    if (this.#head < 1_024 || this.#head < this.#entries.length / 2) return;
    this.#entries = this.#entries.slice(this.#head);
    this.#head = 0;
  }
}

// Texts count, whatever else there is counts a little: an estimate, made without building JSON.
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return 16 + value.length;
  if (typeof value !== 'object' || value === null) return 16;
  let bytes = 32;
  for (const member of Object.values(value)) bytes += bytesOf(member);
  return bytes;
}
