import { wallMs } from '../base/clock.js';
import type { EventSink } from '../runtime/event-streams.js';
import { EventRecord, type StreamedEvent } from '../runtime/streamed-event.js';

/** What one stream needs of the connection that it shares with others. */
export interface OutletPort {
  /** Bytes that the client has not taken yet. */
  readonly pendingBytes: number;
  write(event: StreamedEvent): void;
  /** The client reads too slowly and would rather be cut off than miss something. */
  overflowed(): void;
}

/**
 * The bound of what waits for a client that reads slowly. Past it events are dropped, and counted:
 * when half of what waited is taken the client is told by one alert, and gets events again. Or the
 * stream is closed, as its client chose.
 */
export class EventOutlet implements EventSink {
  readonly #port: OutletPort;
  readonly #boundBytes: number;
  readonly #closesOnOverflow: boolean;
  #dropped = 0;
  #firstDropped = 0;
  #lastDropped = 0;
  #hasRoom: (() => void) | undefined;

  constructor(port: OutletPort, boundBytes: number, closesOnOverflow: boolean) {
    this.#port = port;
    this.#boundBytes = boundBytes;
    this.#closesOnOverflow = closesOnOverflow;
  }

  take(event: StreamedEvent): void {
    if (this.#dropped === 0 && this.#port.pendingBytes <= this.#boundBytes) {
      this.#port.write(event);
    } else if (this.#closesOnOverflow) {
      this.#port.overflowed();
    } else {
      if (this.#dropped === 0) this.#firstDropped = event.sequence;
      this.#lastDropped = event.sequence;
      this.#dropped += 1;
    }
  }

  room(): Promise<void> | undefined {
    if (this.#port.pendingBytes <= this.#boundBytes / 2) return undefined;
    return new Promise((resolve) => {
      this.#hasRoom = resolve;
    });
  }

  missed(lastSequence: number): void {
    if (this.#closesOnOverflow) {
      this.#port.overflowed();
      return;
    }
    const message = 'Older events were dropped before they were read: this client reads too slowly';
    this.#alert(lastSequence, message, { dropped: null, last_seq: lastSequence });
  }

  /** The client took something. */
  drained(): void {
    if (this.#port.pendingBytes > this.#boundBytes / 2) return;
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      const message = `${dropped} events were dropped: this client reads too slowly`;
      const details = { dropped, first_seq: this.#firstDropped, last_seq: this.#lastDropped };
      this.#alert(this.#lastDropped, message, details);
    }
    this.end();
  }

  /** Whoever waits for room waits no longer: there is some, or the stream is over. */
  end(): void {
    this.#hasRoom?.();
    this.#hasRoom = undefined;
  }

  #alert(sequence: number, message: string, details: object): void {
    const body = { severity: 'warning', message, details };
    this.#port.write(new EventRecord('system.alert', sequence, wallMs(), body));
  }
}
