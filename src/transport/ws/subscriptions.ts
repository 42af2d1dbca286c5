import type { AgentScope } from '../../api/agent-scope.js';
import { namesIn, openStream, type SubscribeInput } from '../../api/operations/events.js';
import { CaxtonError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { EventStream } from '../../runtime/event-streams.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { StreamedEvent } from '../../runtime/streamed-event.js';
import { EventOutlet, type OutletPort } from '../event-outlet.js';
import type { Outbox } from './outbox.js';

interface Opened {
  readonly outlet: EventOutlet;
  readonly stream: EventStream;
  /** How many agents and clients its filters name. */
  readonly names: number;
}

const NO_ID = Buffer.alloc(0);

class SocketPort implements OutletPort {
  /** In ASCII. Known when the stream is open, and nothing comes before. */
  subscriptionId = NO_ID;
  readonly overflowed: () => void;
  readonly #outbox: Outbox;

  constructor(outbox: Outbox, overflowed: () => void) {
    this.#outbox = outbox;
    this.overflowed = overflowed;
  }

  get pendingBytes(): number {
    return this.#outbox.pendingBytes;
  }

  write(event: StreamedEvent): void {
    this.#outbox.putEvent(event, this.subscriptionId);
  }
}

/** The subscriptions of one connection. */
export class Subscriptions {
  readonly #runtime: Runtime;
  readonly #outbox: Outbox;
  readonly #boundBytes: number;
  readonly #overflowed: () => void;
  readonly #scope: AgentScope | undefined;
  readonly #opened = new Map<string, Opened>();
  // Those on their way count as well.
  #count = 0;
  #names = 0;
  #closed = false;

  /**
   * @param boundBytes from how many bytes unread by the client on events overflow
   * @param overflowed ends the connection
   * @param scope what the client may read about; undefined = everything
   */
  constructor(
    runtime: Runtime,
    outbox: Outbox,
    boundBytes: number,
    overflowed: () => void,
    scope?: AgentScope,
  ) {
    this.#runtime = runtime;
    this.#outbox = outbox;
    this.#boundBytes = boundBytes;
    this.#overflowed = overflowed;
    this.#scope = scope;
  }

  /**
   * Nothing is delivered until the stream is started. Answers at once unless old messages have to
   * be read. @throws CaxtonError
   */
  subscribe(input: SubscribeInput): EventStream | Promise<EventStream> {
    const names = namesIn(input);
    this.#checkBounds(names);
    const port = new SocketPort(this.#outbox, this.#overflowed);
    const outlet = new EventOutlet(port, this.#boundBytes, input.on_overflow === 'close');
    const keep = (stream: EventStream): EventStream => {
      if (this.#closed) stream.cancel();
      else this.#opened.set(stream.id, { outlet, stream, names });
      port.subscriptionId = Buffer.from(stream.id, 'latin1');
      return stream;
    };
    const opening = openStream(this.#runtime, input, outlet, this.#scope);
    this.#count += 1;
    this.#names += names;
    if (!(opening instanceof Promise)) return keep(opening);
    return opening.then(keep, (error: unknown) => {
      this.#forget(names);
      throw error;
    });
  }

  /** @throws CaxtonError NOT_FOUND */
  unsubscribe(id: string): void {
    const opened = this.#opened.get(id);
    if (opened === undefined) {
      throw new CaxtonError('NOT_FOUND', `This connection has no subscription '${id}'`, {
        subscription_id: id,
      });
    }
    this.#opened.delete(id);
    this.#forget(opened.names);
    cancel(opened);
  }

  /** The client took something. */
  drained(): void {
    for (const { outlet } of this.#opened.values()) outlet.drained();
  }

  cancelAll(): void {
    this.#closed = true;
    for (const opened of this.#opened.values()) cancel(opened);
    this.#opened.clear();
  }

  #forget(names: number): void {
    this.#count -= 1;
    this.#names -= names;
  }

  /** @throws CaxtonError RESOURCE_LIMIT_EXCEEDED */
  #checkBounds(names: number): void {
    if (this.#count >= LIMITS.subscriptions_per_connection) {
      throw new CaxtonError(
        'RESOURCE_LIMIT_EXCEEDED',
        `A connection has at most ${LIMITS.subscriptions_per_connection} subscriptions; unsubscribe first.`,
        { limit: LIMITS.subscriptions_per_connection },
      );
    }
    if (this.#names + names > LIMITS.subscription_names_per_connection) {
      throw new CaxtonError(
        'RESOURCE_LIMIT_EXCEEDED',
        `The subscriptions of a connection name at most ${LIMITS.subscription_names_per_connection} agents and clients together; these would be ${this.#names + names}.`,
        { limit: LIMITS.subscription_names_per_connection },
      );
    }
  }
}

function cancel({ stream, outlet }: Opened): void {
  stream.cancel();
  outlet.end();
}
