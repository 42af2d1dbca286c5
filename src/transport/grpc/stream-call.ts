import type {
  ServerDuplexStream,
  ServerReadableStream,
  ServerWritableStream,
  sendUnaryData,
} from '@grpc/grpc-js';
import type { Admission } from '../../api/api.js';
import type { Logger } from '../../base/log.js';
import { GrpcContext } from './call-context.js';
import type { Codecs, Fields, MethodCodec } from './codec.js';
import { errorFields } from './error-fields.js';
import { errorStatus, reportError } from './error-status.js';
import { FramedAnswers } from './framed-answers.js';
import { rateMetadata } from './rate-metadata.js';

type Readable = ServerReadableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;
type Writable = ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

/** Most that leaves by one write, but for an answer that is longer by itself. */
const WRITE_BYTES = 64 * 1024;

export interface StreamCallParts {
  readonly method: { readonly name: string; readonly operation: Admission };
  readonly codec: MethodCodec;
  readonly codecs: Codecs;
  readonly logger: Logger;
}

/** Who takes the requests of a call, one after the other. */
export interface RequestTaker {
  /** An error that it throws ends the call. */
  request(fields: Fields): void;
  /** The client has sent all. */
  end(): void;
}

/**
 * One call on which one side or both send many messages, between bytes and plain objects. It ends
 * once, whoever ends it; what comes later is passed over.
 */
export class StreamCall {
  readonly context: GrpcContext;
  readonly #call: Readable | Writable;
  readonly #parts: StreamCallParts;
  readonly #answer: sendUnaryData<Buffer> | undefined;
  #pendingBytes = 0;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #flushing = false;
  #paused = false;
  #over = false;
  /** Called when the client took something. */
  whenTaken: (() => void) | undefined;
  /** Called once, when the call is over. */
  whenOver: (() => void) | undefined;

  /** @param answer gives the one answer, where the server doesn't send many */
  constructor(call: Readable | Writable, parts: StreamCallParts, answer?: sendUnaryData<Buffer>) {
    this.context = new GrpcContext(call);
    this.#call = call;
    this.#parts = parts;
    this.#answer = answer;
    for (const event of ['cancelled', 'close', 'finish']) call.on(event, () => this.#becomeOver());
  }

  get over(): boolean {
    return this.#over;
  }

  /** Bytes of answers that the network has not taken yet. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** Milliseconds until the client gives up; Infinity when it set no deadline. */
  get remainingMs(): number {
    const deadline = this.#call.getDeadline();
    return (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
  }

  /** Begins the answer with what is left of the caller's rate, where it is limited. */
  tellRate(): void {
    const rate = rateMetadata(this.context.knownPrincipal, this.#parts.method.operation);
    if (rate !== undefined) this.#call.sendMetadata(rate);
  }

  /** The one request of a call on which the server alone sends many. */
  request(): Fields {
    return this.#parts.codec.decodeRequest((this.#call as { request: Buffer }).request);
  }

  /** Hands over each request as it comes, unless reading is paused. */
  read(taker: RequestTaker): void {
    const call = this.#call as Readable;
    call.on('data', (bytes: Buffer) => {
      if (this.#over) return;
      try {
        taker.request(this.#parts.codec.decodeRequest(bytes));
      } catch (error) {
        this.fail(error);
      }
    });
    call.on('end', () => {
      if (!this.#over) taker.end();
    });
  }

  /** Whether requests are left with the client for now: its sends then wait. */
  pause(paused: boolean): void {
    if (paused === this.#paused) return;
    this.#paused = paused;
    const call = this.#call as Readable;
    if (paused) call.pause();
    else call.resume();
  }

  /** What is written in one turn of the event loop leaves together. */
  write(fields: object): void {
    if (this.#over) return;
    const bytes = this.#parts.codec.encodeResponse(fields);
    if (this.#heldBytes + bytes.length > WRITE_BYTES) this.#flush();
    this.#pendingBytes += bytes.length;
    this.#heldBytes += bytes.length;
    this.#held.push(bytes);
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const held = this.#held;
    if (this.#over || held.length === 0) return;
    const bytes = this.#heldBytes;
    this.#held = [];
    this.#heldBytes = 0;
    const answers = held.length === 1 ? held[0] : new FramedAnswers(held);
    // Buffered where `write` says false; it is taken when this is called.
    (this.#call as Writable).write(answers as Buffer, () => {
      this.#pendingBytes -= bytes;
      if (!this.#over) this.whenTaken?.();
    });
  }

  /** Ends the call well, with this answer where the server gives only one. */
  end(answer?: object): void {
    if (this.#over) return;
    this.#flush();
    this.#becomeOver();
    if (this.#answer === undefined) (this.#call as Writable).end();
    else this.#answer(null, this.#parts.codec.encodeResponse(answer ?? {}));
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#flush();
    this.#becomeOver();
    const { method, codecs, logger } = this.#parts;
    const known = reportError(error, method.name, this.context, logger);
    const status = errorStatus(known, this.context.traceId, codecs);
    const rate = rateMetadata(this.context.knownPrincipal, method.operation);
    if (rate !== undefined) status.metadata?.merge(rate);
    if (this.#answer === undefined) this.#call.emit('error', status);
    else this.#answer(status);
  }

  /** The fields of caxton.v1.Error, for an error that doesn't end the call. */
  errorFields(error: unknown): object {
    const { method, logger } = this.#parts;
    const { traceId } = this.context;
    return errorFields(reportError(error, method.name, this.context, logger), traceId);
  }

  #becomeOver(): void {
    if (this.#over) return;
    this.#over = true;
    this.whenOver?.();
  }
}
