import type { Api } from '../../../api/api.js';
import type { CallContext } from '../../../api/operation.js';
import { OPERATIONS } from '../../../api/operations.js';
import type { Awaited, Caller } from '../../../base/caller.js';
import { CaxtonError, invalidRequest } from '../../../base/errors.js';
import { LIMITS } from '../../../base/limits.js';
import type { Fields } from '../codec.js';
import type { RequestTaker, StreamCall } from '../stream-call.js';
import type { StreamingMethod } from '../streaming-method.js';
import {
  replyFields,
  type SendMessageRequest,
  sendInput,
  sentFields,
  waitInput,
} from './sending.js';

// A key of the call would make one message of all that are sent on it.
function contextOf({ context }: StreamCall, caller?: Caller): CallContext {
  const { principal, traceId, traceparent } = context;
  return { principal, traceId, traceparent, idempotencyKey: '', caller };
}

/** SendMessages: counts what is accepted, and keeps the errors of the first that are not. */
class Batch implements RequestTaker {
  readonly #api: Api;
  readonly #call: StreamCall;
  readonly #context: CallContext;
  readonly #errors: Array<{ readonly index: number; readonly error: object }> = [];
  #next = 0;
  #accepted = 0;
  #refused = 0;
  #pending = 0;
  #ended = false;

  constructor(api: Api, call: StreamCall) {
    this.#api = api;
    this.#call = call;
    this.#context = contextOf(call);
  }

  request(fields: Fields): void {
    const index = this.#next++;
    try {
      admit(this.#api, this.#context);
      const input = sendInput(fields as SendMessageRequest);
      const sent = this.#api.perform(OPERATIONS.sendMessage, input, this.#context);
      if (sent instanceof Promise) this.#await(index, sent);
      else this.#accepted += 1;
    } catch (error) {
      this.#refuse(index, error);
    }
  }

  end(): void {
    this.#ended = true;
    if (this.#pending > 0) return;
    const errors = this.#errors.sort((a, b) => a.index - b.index);
    this.#call.end({ accepted: this.#accepted, refused: this.#refused, errors });
  }

  #await(index: number, sent: Promise<unknown>): void {
    this.#pending += 1;
    const settled = (): void => {
      this.#pending -= 1;
      if (this.#ended) this.end();
      else this.#call.pause(this.#pending >= LIMITS.converse_pending);
    };
    sent
      .then(
        () => {
          this.#accepted += 1;
        },
        (error: unknown) => this.#refuse(index, error),
      )
      .then(settled);
    this.#call.pause(this.#pending >= LIMITS.converse_pending);
  }

  #refuse(index: number, error: unknown): void {
    this.#refused += 1;
    if (this.#errors.length >= LIMITS.stream_errors) return;
    this.#errors.push({ index, error: this.#call.errorFields(error) });
  }
}

interface ConverseRequest extends SendMessageRequest {
  readonly id?: string;
  readonly wait?: boolean;
}

/** The fields of caxton.v1.ConverseResponse; one of the last three when it is known what it says. */
interface Answer {
  readonly id: string;
  readonly index: number;
  ack: object | undefined;
  reply: object | undefined;
  error: object | undefined;
}

/** Converse: acks in the order of the requests, replies as they come. */
class Converse implements RequestTaker {
  readonly #api: Api;
  readonly #call: StreamCall;
  readonly #boundBytes: number;
  readonly #context: CallContext;
  readonly #waits = new Set<{ gone: boolean; waiting: Awaited | undefined }>();
  /** Acks in their order, from the first that is not known yet. */
  #slots: Answer[] = [];
  #next = 0;
  #ended = false;

  constructor(api: Api, call: StreamCall) {
    this.#api = api;
    this.#call = call;
    this.#boundBytes = api.runtime.config.limits.websocket_backpressure_bytes;
    this.#context = contextOf(call);
    call.whenTaken = () => this.#pace();
    call.whenOver = () => this.#abandon();
  }

  request(fields: Fields): void {
    const { id = '', wait, ...request } = fields as ConverseRequest;
    if (Buffer.byteLength(id) > LIMITS.field_bytes) throw idTooLong();
    const answer: Answer = {
      id,
      index: this.#next++,
      ack: undefined,
      reply: undefined,
      error: undefined,
    };
    if (wait === true) this.#wait(answer, request);
    else this.#send(answer, request);
    this.#pace();
  }

  end(): void {
    this.#ended = true;
    this.#pace();
  }

  #send(answer: Answer, request: SendMessageRequest): void {
    try {
      admit(this.#api, this.#context);
      const sent = this.#api.perform(OPERATIONS.sendMessage, sendInput(request), this.#context);
      if (sent instanceof Promise) {
        this.#slots.push(answer);
        this.#settle(answer, sent);
        return;
      }
      answer.ack = sentFields(sent);
    } catch (error) {
      answer.error = this.#call.errorFields(error);
    }
    if (this.#slots.length === 0) this.#call.write(answer);
    else this.#slots.push(answer);
  }

  #settle(answer: Answer, sent: Promise<Parameters<typeof sentFields>[0]>): void {
    sent
      .then(
        (outcome) => {
          answer.ack = sentFields(outcome);
        },
        (error: unknown) => {
          answer.error = this.#call.errorFields(error);
        },
      )
      .then(() => {
        this.#flush();
        this.#pace();
      });
  }

  #wait(answer: Answer, request: SendMessageRequest): void {
    const caller = { gone: false, waiting: undefined };
    const context = contextOf(this.#call, caller);
    const refuse = (error: unknown): void => {
      answer.error = this.#call.errorFields(error);
      this.#call.write(answer);
    };
    try {
      admit(this.#api, context);
      const input = waitInput(request, { remainingMs: this.#call.remainingMs });
      const sent = Promise.resolve(this.#api.perform(OPERATIONS.sendMessage, input, context));
      this.#waits.add(caller);
      sent
        .then((outcome) => {
          answer.reply = replyFields(outcome);
          this.#call.write(answer);
        }, refuse)
        .catch((error: unknown) => this.#call.fail(error))
        .then(() => {
          this.#waits.delete(caller);
          this.#pace();
        });
    } catch (error) {
      refuse(error);
    }
  }

  #flush(): void {
    let known = 0;
    for (const answer of this.#slots) {
      if (answer.ack === undefined && answer.error === undefined) break;
      this.#call.write(answer);
      known += 1;
    }
    if (known > 0) this.#slots = this.#slots.slice(known);
  }

  // No more is read while too much is unanswered, or answers are not read. Those to come may be
  // long: a client that lets them pile up is let go.
  #pace(): void {
    const { pendingBytes } = this.#call;
    if (pendingBytes > 2 * this.#boundBytes) this.#call.fail(readTooSlowly());
    const pending = this.#slots.length + this.#waits.size;
    if (this.#ended && pending === 0) this.#call.end();
    else this.#call.pause(pending >= LIMITS.converse_pending || pendingBytes > this.#boundBytes);
  }

  /** Nobody waits any more; what was sent stays sent. */
  #abandon(): void {
    for (const caller of this.#waits) {
      caller.gone = true;
      caller.waiting?.callerGone();
    }
  }
}

function idTooLong(): CaxtonError {
  return invalidRequest(`id has more than ${LIMITS.field_bytes} bytes.`, 'id', {
    limit: LIMITS.field_bytes,
  });
}

function readTooSlowly(): CaxtonError {
  return new CaxtonError('RESOURCE_LIMIT_EXCEEDED', 'Answers are read too slowly.', {
    resource: 'stream',
  });
}

const operation = OPERATIONS.sendMessage;
const service = operation.grpc!.service;

/** Each message counts against the rate, also one that says nothing that could be sent. */
function admit(api: Api, { principal }: CallContext): void {
  api.admit(operation, principal);
}

export const messageStreams: readonly StreamingMethod[] = [
  {
    service,
    name: 'SendMessages',
    kind: 'client',
    operation,
    open: (api, call) => call.read(new Batch(api, call)),
  },
  {
    service,
    name: 'Converse',
    kind: 'both',
    operation,
    open: (api, call) => call.read(new Converse(api, call)),
  },
];
