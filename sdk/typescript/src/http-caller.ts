import { backoffMs } from './backoff.js';
import { type CallLimits, Deadline, pause } from './deadline.js';
import { CaxtonError, errorBodyOf } from './error.js';
import type { OperationRow } from './operation-row.js';
import { OPERATIONS, type OperationTypes } from './operation-table.js';
import { checkTimeout, type Settings, urlOf } from './options.js';
import { randomKey } from './random-key.js';
import { isUntrusted, neverArrived, unreachable } from './unreachable.js';
import { moduleToBase64, type WasmModule } from './wasm-module.js';

/** What a call may be given beside its input. */
export interface CallOptions extends CallLimits {
  /**
   * For sends and deploys: a call repeated under the same key gets the first result, and nothing is
   * done twice. Each call has a key of its own unless one is given.
   */
  readonly idempotencyKey?: string | undefined;
  /** W3C Trace Context, with which the server's log and messages name this call. */
  readonly traceparent?: string | undefined;
}

type Fields = Record<string, unknown>;

/** One HTTP request, the same for each attempt. */
interface Exchange {
  readonly url: URL;
  readonly init: RequestInit;
  readonly repeat: OperationRow['repeat'];
}

/** What an answer says; throws a CaxtonError when it is none. */
type Reader<T> = (url: URL, response: Response, text: string) => T;

/** Calls operations over REST, and calls again what may safely be called again. */
export class HttpCaller {
  readonly #settings: Settings;
  /** Whether a server has answered. */
  #wasReached = false;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** @throws CaxtonError, or the reason of the caller's signal */
  async call<Name extends keyof OperationTypes>(
    name: Name,
    input: OperationTypes[Name]['input'],
    options: CallOptions = {},
  ): Promise<OperationTypes[Name]['output']> {
    const answer = await this.#run(name, OPERATIONS[name], input as Fields, options, jsonAnswer);
    return answer as OperationTypes[Name]['output'];
  }

  /** An answer that is no JSON, from a path beside the operations. */
  getText(path: string, options: CallOptions = {}): Promise<string> {
    const row: OperationRow = { method: 'GET', path, query: [], repeat: 'always' };
    return this.#run(path, row, {}, options, textAnswer);
  }

  async #run<T>(
    what: string,
    row: OperationRow,
    input: Fields,
    options: CallOptions,
    read: Reader<T>,
  ): Promise<T> {
    const timeoutMs = options.timeoutMs ?? this.#settings.timeoutMs;
    checkTimeout(timeoutMs);
    const deadline = new Deadline({ signal: options.signal, timeoutMs }, what);
    try {
      deadline.signal.throwIfAborted();
      const exchange = await this.#exchange(row, input, options);
      return await this.#attempt(exchange, read, deadline.signal);
    } finally {
      deadline.dispose();
    }
  }

  async #exchange(row: OperationRow, input: Fields, options: CallOptions): Promise<Exchange> {
    const rest = { ...input };
    const path = row.path.replace(/\{(\w+)\}/g, (_, parameter: string) => {
      const value = rest[parameter];
      delete rest[parameter];
      if (typeof value !== 'string' || value === '') {
        throw new TypeError(`${parameter} must be a text that is not empty.`);
      }
      return encodeURIComponent(value);
    });
    const url = urlOf(this.#settings.endpoint, path);
    for (const parameter of row.query) {
      if (rest[parameter] !== undefined) url.searchParams.set(parameter, String(rest[parameter]));
      delete rest[parameter];
    }
    const headers: Record<string, string> = { accept: 'application/json' };
    if (this.#settings.apiKey) headers['x-caxton-token'] = this.#settings.apiKey;
    if (options.traceparent) headers.traceparent = options.traceparent;
    if (row.repeat === 'with_key') {
      headers['idempotency-key'] = options.idempotencyKey ?? randomKey();
    }
    const init: RequestInit = { method: row.method, headers };
    if (row.method === 'POST' || row.method === 'PUT') {
      headers['content-type'] = 'application/json';
      init.body = JSON.stringify(await bodyOf(rest));
    }
    return { url, init, repeat: row.repeat };
  }

  async #attempt<T>(exchange: Exchange, read: Reader<T>, signal: AbortSignal): Promise<T> {
    const { retry, firstContactRetries } = this.#settings;
    for (let attempt = 0; ; attempt++) {
      try {
        const [response, text] = await this.#once(exchange, signal);
        return read(exchange.url, response, text);
      } catch (error) {
        signal.throwIfAborted();
        const isThere = this.#wasReached || !neverArrived((error as Error).cause);
        const retries = isThere ? retry.retries : firstContactRetries;
        if (attempt >= retries || !mayRepeat(error, exchange.repeat)) throw error;
        const asked_ms = error.retryAfterMs ?? 0;
        if (asked_ms > retry.maxDelayMs) throw error;
        await pause(Math.max(asked_ms, backoffMs(retry, attempt)), signal);
      }
    }
  }

  async #once({ url, init }: Exchange, signal: AbortSignal): Promise<[Response, string]> {
    try {
      const response = await this.#settings.fetch(url, { ...init, signal });
      this.#wasReached = true;
      return [response, await response.text()];
    } catch (error) {
      throw unreachable(url, error);
    }
  }
}

async function bodyOf({ wasmModule, ...fields }: Fields): Promise<Fields> {
  if (wasmModule === undefined) return fields;
  return { ...fields, wasm_module: await moduleToBase64(wasmModule as WasmModule) };
}

/** Whether an attempt that failed so may be repeated without doing anything twice. */
function mayRepeat(error: unknown, repeat: OperationRow['repeat']): error is CaxtonError {
  if (!CaxtonError.is(error)) return false;
  if (isUntrusted(error)) return false;
  if (error.code === 'UNREACHABLE') return repeat !== 'never' || neverArrived(error.cause);
  if ((error.status === 429 || error.status === 503) && error.code !== 'INVALID_ANSWER') {
    if (error.retryAfterMs === undefined) return false;
    // With a time of its own an error says that nothing was done. The header alone comes with
    // everything that isn't able now, also when it was done in part.
    const isUndone = error.code === 'RATE_LIMITED' || tellsTime(error);
    return isUndone || repeat === 'always';
  }
  // Of a gateway before the server nobody knows what it has done.
  return error.code === 'INVALID_ANSWER' && error.status >= 502 && repeat !== 'never';
}

function tellsTime({ details }: CaxtonError): boolean {
  return details.retry_after_seconds !== undefined || details.retry_after_ms !== undefined;
}

function textAnswer(url: URL, response: Response, text: string): string {
  if (response.ok) return text;
  throw failedAnswer(url, response, text);
}

function jsonAnswer(url: URL, response: Response, text: string): unknown {
  if (!response.ok) throw failedAnswer(url, response, text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw strangeAnswer(url, response.status, cause);
  }
}

/** The error that an answer other than 2xx tells. */
function failedAnswer(url: URL, response: Response, text: string): CaxtonError {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return strangeAnswer(url, response.status, cause);
  }
  const body = errorBodyOf(value);
  if (body === undefined) return strangeAnswer(url, response.status);
  const header = Number.parseInt(response.headers.get('retry-after') ?? '', 10);
  return CaxtonError.fromBody(body, response.status, header >= 0 ? header : undefined);
}

function strangeAnswer(url: URL, status: number, cause?: unknown): CaxtonError {
  return new CaxtonError({
    code: 'INVALID_ANSWER',
    message: `${url.origin} answered ${status}, but not as a Caxton server does. Is it one?`,
    status,
    cause,
  });
}
