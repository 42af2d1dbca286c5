import type { AuditedCall } from '../../api/audit.js';
import { ANSWER_TAKEN, type AnswerTaken } from '../../api/operation.js';
import type { RepliedJson } from '../../api/operations/messages.js';
import type { RateAccount, RateClass } from '../../api/rate-account.js';
import { type CaxtonError, invalidRequest, toCaxtonError } from '../../base/errors.js';
import { newTraceId, traceIdOf } from '../../base/ids.js';
import type { Logger } from '../../base/log.js';
import type { Envelope } from '../../fipa/message.js';
import type { AnswerTaker } from '../../runtime/types.js';
import type { HttpContext } from '../http-context.js';
import { type ErrorReply, reportError, statusLine, writeError, writeRate } from '../http-reply.js';
import type { UwsResponse } from '../uws-loader.js';
import type { HeldPieces } from './request-body.js';

/** How a successful answer is written. */
export interface AnswerForm<Output> {
  readonly status: number;
  readonly contentType: string;
  toText(output: Output): string;
}

/**
 * One request from its first byte to its answer. Whoever answers goes through here, because nothing
 * may be written once the client is gone, and an answer from outside a handler has to be corked.
 */
export class Exchange implements AnswerTaker {
  readonly response: UwsResponse;
  readonly #logger: Logger;
  readonly #replies: RepliedJson | undefined;
  /** Of the request's header; '' = none. */
  traceparent = '';
  /** Set when the request's sender is known. */
  context: HttpContext | undefined;
  /** Set for operations that are audited. */
  audited: AuditedCall | undefined;
  /** Of a body that did not come at once. */
  pieces: HeldPieces | undefined;
  #rates: RateAccount | undefined;
  #rateClass: RateClass = 'system';
  #traceId = '';
  #open = true;

  /** @param replies makes the answers of sends that wait for a reply; needed for these alone */
  constructor(response: UwsResponse, logger: Logger, replies?: RepliedJson) {
    this.response = response;
    this.#logger = logger;
    this.#replies = replies;
    response.onAborted(() => {
      this.#open = false;
      this.pieces?.letGo();
      this.context?.abandon();
    });
  }

  /** The answer tells what is left of a rate; undefined = it is not limited. */
  tellRate(rates: RateAccount | undefined, rateClass: RateClass): void {
    this.#rates = rates;
    this.#rateClass = rateClass;
  }

  /** Answers now, in a handler of the request, or by cork when the result has come. */
  settle<Output>(form: AnswerForm<Output>, result: Output | Promise<Output> | AnswerTaken): void {
    if (result === ANSWER_TAKEN) return;
    if (!(result instanceof Promise)) {
      this.audited?.ended('OK', this.#trace());
      this.#write(form, result);
      return;
    }
    // Both ends of it are handled: a rejection that nobody handles would end the server.
    result.then(
      (output) => this.#answerLater(form, output),
      (error: unknown) => this.#failLater(error),
    );
  }

  /** The reply that a send waits for. */
  answered(asked: Envelope, source: Buffer, offset: number): void {
    if (!this.#open) return;
    let bytes: Buffer;
    try {
      bytes = (this.#replies as RepliedJson).bytes(asked, source, offset);
    } catch (error) {
      this.#failLater(error);
      return;
    }
    this.audited?.ended('OK', this.#trace());
    this.#later(() => {
      this.#open = false;
      this.#writeHead(200, 'application/json');
      this.response.end(bytes);
    });
  }

  failed(error: unknown): void {
    this.#failLater(error);
  }

  #answerLater<Output>(form: AnswerForm<Output>, output: Output): void {
    try {
      this.audited?.ended('OK', this.#trace());
      this.#later(() => this.#write(form, output));
    } catch (error) {
      this.#failLater(error);
    }
  }

  #failLater(error: unknown): void {
    this.audited?.ended(toCaxtonError(error).code, this.#trace());
    this.#later(() => this.fail(error));
  }

  /** Answers with an error; the caller is in a handler of the request. */
  fail(error: unknown, reply?: ErrorReply): void {
    if (!this.#open) return;
    const traceId = this.#trace();
    const known = reportError(error, traceId, this.#logger);
    this.audited?.ended(known.code, traceId);
    this.#open = false;
    writeError(this.response, known, traceId, {
      ...reply,
      rates: this.#rates,
      rateClass: this.#rateClass,
    });
  }

  /** The same for all that is told of this request. */
  #trace(): string {
    if (this.context !== undefined) return this.context.traceId;
    this.#traceId ||= traceIdOf(this.traceparent) ?? newTraceId();
    return this.#traceId;
  }

  #write<Output>(form: AnswerForm<Output>, output: Output): void {
    if (!this.#open) return;
    let text: string;
    try {
      text = form.toText(output);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#open = false;
    this.#writeHead(form.status, form.contentType);
    this.response.end(text);
  }

  #writeHead(status: number, contentType: string): void {
    // The library writes "200 OK" by itself.
    if (status !== 200) this.response.writeStatus(statusLine(status));
    if (this.#rates !== undefined) writeRate(this.response, this.#rates, this.#rateClass);
    this.response.writeHeader('content-type', contentType);
  }

  #later(write: () => void): void {
    if (this.#open) this.response.cork(write);
  }
}

/** A path is known, but not with this method (RFC 9110, section 15.5.6). */
export function methodNotAllowed(method: string, allowed: readonly string[]): CaxtonError {
  return invalidRequest(
    `The method ${method.toUpperCase()} is not allowed here; use ${allowed.join(' or ')}.`,
    'method',
    { allowed },
  );
}
