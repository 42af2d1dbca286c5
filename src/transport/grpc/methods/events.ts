import { AgentScope } from '../../../api/agent-scope.js';
import type { Api } from '../../../api/api.js';
import {
  namesIn,
  openStream,
  type SubscribeInput,
  subscribedFields,
  subscribeEvents,
} from '../../../api/operations/events.js';
import { CaxtonError } from '../../../base/errors.js';
import { LIMITS } from '../../../base/limits.js';
import type { EventStream } from '../../../runtime/event-streams.js';
import type { StreamedEvent } from '../../../runtime/streamed-event.js';
import { EventOutlet, type OutletPort } from '../../event-outlet.js';
import { messageFields } from '../message-fields.js';
import type { StreamCall } from '../stream-call.js';
import type { StreamingMethod } from '../streaming-method.js';
import { writeStruct } from '../struct.js';
import { timestampOfMs } from '../timestamps.js';

/** Where the events of one call go. */
class CallPort implements OutletPort {
  /** Known when the stream is open, and nothing comes before. */
  subscriptionId = '';
  readonly #call: StreamCall;

  constructor(call: StreamCall) {
    this.#call = call;
  }

  get pendingBytes(): number {
    return this.#call.pendingBytes;
  }

  // It is called from where things happen: what goes wrong here is this stream's affair alone.
  write(event: StreamedEvent): void {
    try {
      this.#call.write(eventFields(event, this.subscriptionId));
    } catch (error) {
      this.#call.fail(error);
    }
  }

  overflowed(): void {
    this.#call.fail(
      new CaxtonError('RESOURCE_LIMIT_EXCEEDED', 'Events are read too slowly.', {
        resource: 'stream',
      }),
    );
  }
}

/** The fields of caxton.v1.Event. */
function eventFields(event: StreamedEvent, subscriptionId: string): object {
  const { type, sequence, timeMs, body, message } = event;
  const head = { type, seq: sequence, subscription_id: subscriptionId };
  return message === undefined
    ? { ...head, timestamp: timestampOfMs(timeMs), body: writeStruct(body) }
    : { ...head, message: messageFields(message) };
}

async function subscribe(api: Api, call: StreamCall): Promise<void> {
  const input = call.request() as SubscribeInput;
  api.checkStream(subscribeEvents, input);
  checkNames(input);
  const { runtime } = api;
  const scope = AgentScope.of(call.context.principal, runtime);
  const port = new CallPort(call);
  const boundBytes = runtime.config.limits.websocket_backpressure_bytes;
  const outlet = new EventOutlet(port, boundBytes, input.on_overflow === 'close');
  const opening = openStream(runtime, input, outlet, scope);
  // What needs no reading begins in this turn.
  const stream = opening instanceof Promise ? await opening : opening;
  if (call.over) {
    stream.cancel();
    return;
  }
  port.subscriptionId = stream.id;
  call.whenTaken = () => outlet.drained();
  call.whenOver = () => {
    stream.cancel();
    outlet.end();
  };
  call.write(subscribedEvent(stream));
  stream.start();
}

function subscribedEvent(stream: EventStream): object {
  const { subscription_id, seq, ...resumption } = subscribedFields(stream);
  return {
    type: 'subscribed',
    seq,
    subscription_id,
    ...(stream.resumption !== undefined && { body: writeStruct(resumption) }),
  };
}

function checkNames(input: SubscribeInput): void {
  const limit = LIMITS.subscription_names_per_connection;
  const names = namesIn(input);
  if (names <= limit) return;
  throw new CaxtonError(
    'RESOURCE_LIMIT_EXCEEDED',
    `A subscription names at most ${limit} agents and clients; this one names ${names}.`,
    { limit },
  );
}

export const eventStreams: readonly StreamingMethod[] = [
  {
    service: subscribeEvents.grpc.service,
    name: 'Subscribe',
    kind: 'server',
    operation: subscribeEvents,
    open: subscribe,
  },
];
