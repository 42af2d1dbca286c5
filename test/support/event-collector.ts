import type { EventSink, EventStream, StreamRequest } from '../../src/runtime/event-streams.js';
import type { Runtime } from '../../src/runtime/runtime.js';
import type { StreamedEvent } from '../../src/runtime/streamed-event.js';

/** A reader of a stream that takes all it is given, or waits until it is let on. */
export class EventCollector implements EventSink {
  readonly events: StreamedEvent[] = [];
  readonly gaps: number[] = [];
  /** Old events are taken up to so many, then `letOn` has to be called for each. */
  takesOld = Number.POSITIVE_INFINITY;
  #waiting: (() => void) | undefined;

  take(event: StreamedEvent): void {
    this.events.push(event);
  }

  room(): Promise<void> | undefined {
    if (--this.takesOld > 0) return undefined;
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  missed(lastSequence: number): void {
    this.gaps.push(lastSequence);
  }

  letOn(): void {
    this.takesOld = Number.POSITIVE_INFINITY;
    this.#waiting?.();
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  get messageIds(): string[] {
    return this.events.flatMap(({ message }) => (message === undefined ? [] : [message.messageId]));
  }
}

export interface CollectedStream {
  readonly stream: EventStream;
  readonly collector: EventCollector;
}

export async function openStream(
  runtime: Runtime,
  request: StreamRequest,
  collector = new EventCollector(),
): Promise<CollectedStream> {
  const stream = await runtime.eventStreams.open(request, collector);
  stream.start();
  return { stream, collector };
}
