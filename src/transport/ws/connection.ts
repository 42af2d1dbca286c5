import { AgentScope } from '../../api/agent-scope.js';
import { type Api, outputJson } from '../../api/api.js';
import { subscribedFields, subscribeEvents } from '../../api/operations/events.js';
import type { SendRequest } from '../../api/operations/messages.js';
import { OPERATIONS } from '../../api/operations.js';
import { invalidRequest } from '../../base/errors.js';
import { newTraceId, traceIdOf } from '../../base/ids.js';
import type { Logger } from '../../base/log.js';
import type { EventStream } from '../../runtime/event-streams.js';
import { HttpContext } from '../http-context.js';
import { reportError } from '../http-reply.js';
import type { UwsWebSocket } from '../uws-loader.js';
import { sendBatch } from './batch.js';
import { encodeBatchAck } from './batch-ack.js';
import { type Codec, checkJsonValue, JSON_CODEC, MESSAGE_PACK_CODEC } from './codec.js';
import {
  checkFrame,
  type FrameId,
  frameId,
  isObject,
  type SendFrame,
  type SubscribeFrame,
} from './frames.js';
import { HeldFrames } from './held-frames.js';
import { Outbox } from './outbox.js';
import { PlainBatchReader, type PlainSend } from './plain-batch.js';
import { Subscriptions } from './subscriptions.js';
import type { Turn } from './turn.js';

/** Close codes (RFC 6455, section 7.4.1 and the registry it founded). */
const CLOSE_GOING_AWAY = 1001;
const CLOSE_TRY_AGAIN_LATER = 1013;

/** More frames of so many may come in the same turn: workers' answers can't wait for its end. */
const MANY_MESSAGES = 32;

// It keeps nothing from one frame to the next.
const PLAIN_BATCHES = new PlainBatchReader();

export interface WebSocketParts {
  readonly api: Api;
  readonly logger: Logger;
}

type SendOutcome = Parameters<NonNullable<typeof OPERATIONS.sendMessage.toJson>>[0];

/** One client: its frames in, answers and events out. */
export class Connection {
  readonly #parts: WebSocketParts;
  readonly #context: HttpContext;
  readonly #outbox: Outbox;
  readonly #subscriptions: Subscriptions;
  readonly #boundBytes: number;
  readonly #held: HeldFrames;
  /** Sends whose answers are awaited, each ended by itself when the client is gone. */
  readonly #waits = new Set<HttpContext>();

  /** @param turn that of all connections of the server */
  constructor(
    socket: UwsWebSocket<unknown>,
    parts: WebSocketParts,
    context: HttpContext,
    turn: Turn,
  ) {
    const { runtime } = parts.api;
    this.#parts = parts;
    this.#context = context;
    this.#boundBytes = runtime.config.limits.websocket_backpressure_bytes;
    this.#held = new HeldFrames({
      hasRoom: (bytes, messages) => runtime.historyHasRoom(bytes, messages),
      boundBytes: this.#boundBytes,
      take: (bytes, isBinary) => this.#take(bytes, isBinary),
    });
    this.#outbox = new Outbox(socket, turn);
    this.#subscriptions = new Subscriptions(
      runtime,
      this.#outbox,
      this.#boundBytes,
      () => this.#outbox.end(CLOSE_TRY_AGAIN_LATER, 'events are read too slowly'),
      AgentScope.of(context.principal, runtime),
    );
  }

  /** @param bytes may be used only until this returns */
  receive(bytes: Buffer, isBinary: boolean): void {
    if (!this.#held.holds(bytes, isBinary)) this.#take(bytes, isBinary);
  }

  #take(bytes: Buffer, isBinary: boolean): void {
    const codec = isBinary ? MESSAGE_PACK_CODEC : JSON_CODEC;
    let value: unknown;
    try {
      const plain = isBinary ? this.#readPlain(bytes) : undefined;
      if (plain !== undefined) {
        this.#sendBatch(plain, (send) => send);
        return;
      }
      value = codec.decode(bytes, this.#parts.api.runtime.config.limits.content_bytes);
      if (isBinary) this.#receiveSends(value);
      else this.#receiveFrame(value);
    } catch (error) {
      this.#answerError(codec, frameId(value), error);
    }
  }

  drained(): void {
    this.#outbox.drained();
    this.#subscriptions.drained();
  }

  /** Pongs go past the outbox: whoever sends pings and reads nothing would fill the memory. */
  checkRead(): void {
    this.#checkBound(this.#outbox.bufferedBytes);
  }

  /** The server stops. */
  end(): void {
    this.#outbox.end(CLOSE_GOING_AWAY, 'the server stops');
  }

  closed(): void {
    this.#held.clear();
    this.#outbox.closed();
    this.#subscriptions.cancelAll();
    for (const context of this.#waits) context.abandon();
  }

  #receiveFrame(value: unknown): void {
    const frame = checkFrame(value);
    switch (frame.type) {
      case 'send':
        this.#send(JSON_CODEC, frame);
        break;
      case 'subscribe':
        this.#subscribe(frame);
        break;
      case 'unsubscribe':
        this.#subscriptions.unsubscribe(frame.subscription_id);
        this.#answer(
          JSON_CODEC.encode('unsubscribed', frame.id, { subscription_id: frame.subscription_id }),
        );
        break;
      case 'ping':
        this.#answer(JSON_CODEC.encode('pong', frame.id, {}));
        break;
    }
  }

  /** A binary frame holds one send, or an array of them. */
  #receiveSends(value: unknown): void {
    if (!Array.isArray(value)) {
      this.#send(MESSAGE_PACK_CODEC, checkBinarySend(value));
      return;
    }
    this.#sendBatch(value, (item) => requestOf(checkBinarySend(item)));
  }

  #readPlain(bytes: Buffer): PlainSend[] | undefined {
    return PLAIN_BATCHES.read(bytes, this.#parts.api.runtime.config.limits.content_bytes);
  }

  #sendBatch<Item>(items: readonly Item[], request: (item: Item) => SendRequest): void {
    const { api } = this.#parts;
    const { principal } = this.#context;
    const { rateClass } = OPERATIONS.sendMessage;
    sendBatch(items, {
      admit: (count) => api.admitUpTo(rateClass, principal, count),
      refusal: () => principal.rates?.refusal(rateClass),
      send: (item) => api.perform(OPERATIONS.sendMessage, request(item), this.#context),
      describe: (error) => this.#errorBody(error),
      answer: (fields) => this.#answer(encodeBatchAck(fields)),
      fail: (error) => this.#answerError(MESSAGE_PACK_CODEC, undefined, error),
    });
    if (items.length >= MANY_MESSAGES) api.runtime.takeReplies();
  }

  #subscribe(frame: SubscribeFrame): void {
    this.#parts.api.admit(subscribeEvents, this.#context.principal);
    const { id, type: _, ...input } = frame;
    const opening = this.#subscriptions.subscribe(input);
    const begin = (stream: EventStream): void => {
      this.#answer(JSON_CODEC.encode('subscribed', id, subscribedFields(stream)));
      stream.start();
    };
    if (!(opening instanceof Promise)) begin(opening);
    else opening.then(begin).catch((error: unknown) => this.#answerError(JSON_CODEC, id, error));
  }

  #send(codec: Codec, frame: SendFrame): void {
    const result = this.#call(frame);
    if (!(result instanceof Promise)) {
      this.#acknowledge(codec, frame.id, result);
      return;
    }
    // Behind the acknowledgement as well: one that can't be written is an error for the client,
    // where a rejection that nobody handles would end the server.
    result
      .then((outcome) => this.#acknowledge(codec, frame.id, outcome))
      .catch((error: unknown) => this.#answerError(codec, frame.id, error));
  }

  #call(frame: SendFrame): SendOutcome | Promise<SendOutcome> {
    const { api } = this.#parts;
    const request = requestOf(frame);
    if (frame.wait !== true) return api.call(OPERATIONS.sendMessage, request, this.#context);
    const context = new HttpContext(this.#context.principal, this.#context.traceparent, '');
    const result = api.call(OPERATIONS.sendMessage, request, context);
    if (result instanceof Promise) {
      this.#waits.add(context);
      const done = (): boolean => this.#waits.delete(context);
      result.then(done, done);
    }
    return result;
  }

  #acknowledge(codec: Codec, id: FrameId, outcome: SendOutcome): void {
    const type = outcome.status === 'replied' ? 'reply' : 'ack';
    this.#answer(codec.encodeJson(type, id, outputJson(OPERATIONS.sendMessage, outcome)));
  }

  #answerError(codec: Codec, id: FrameId, error: unknown): void {
    this.#answer(codec.encode('error', id, { error: this.#errorBody(error) }));
  }

  #errorBody(error: unknown) {
    const traceId = traceIdOf(this.#context.traceparent) ?? newTraceId();
    return reportError(error, traceId, this.#parts.logger).toBody(traceId).error;
  }

  /** Answers are never dropped; a client that doesn't read them at all is let go. */
  #answer(frame: string | Uint8Array): void {
    this.#outbox.put(frame);
    this.#checkBound(this.#outbox.pendingBytes);
  }

  #checkBound(pendingBytes: number): void {
    if (pendingBytes > 2 * this.#boundBytes) {
      this.#outbox.end(CLOSE_TRY_AGAIN_LATER, 'answers are read too slowly');
    }
  }
}

function requestOf(frame: SendFrame): SendRequest {
  const { id: _, type: __, ...request } = frame;
  return request as SendRequest;
}

/** In a binary frame `type` may be left out: nothing but sends comes in one. */
function checkBinarySend(value: unknown): SendFrame {
  if (!isObject(value)) {
    throw invalidRequest(
      'A binary frame holds a MessagePack map with message, or an array of such maps.',
      'frame',
    );
  }
  const { type = 'send' } = value;
  if (type !== 'send') {
    const told = typeof type === 'string' ? `; send ${type} as text` : '';
    throw invalidRequest(`A binary frame holds sends only, of type send${told}.`, 'type', {
      allowed: ['send'],
    });
  }
  const frame = checkFrame({ ...value, type }) as SendFrame;
  checkJsonValue(frame.message, 'message');
  return frame;
}
