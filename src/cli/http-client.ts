import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { ErrorBody } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { ApiError, UnreachableError, UsageError } from './failures.js';

/** A successful answer: its text as it came, and what it says. */
export interface Answer<T> {
  readonly text: string;
  readonly value: T;
}

/** Where a WebSocket of the same server is, and what to show it. */
export interface WebSocketTarget {
  readonly url: string;
  readonly headers: Record<string, string>;
  /** Certificates in PEM to trust the server by; undefined = the well-known ones. */
  readonly ca: string | undefined;
}

export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Query;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/**
 * Calls the REST API. Built on node:http, as fetch gives up on an answer that takes longer than
 * five minutes, and a message may be waited for longer.
 */
export class HttpClient {
  readonly #base: URL;
  readonly #token: string | undefined;
  readonly #ca: string | undefined;

  /**
   * @param ca certificates in PEM to trust the server by; undefined = the well-known ones
   * @throws UsageError when the URL is none
   */
  constructor(url: string, token: string | undefined, ca?: string) {
    const base = URL.canParse(url) ? new URL(url) : undefined;
    if (base === undefined || !/^https?:$/.test(base.protocol)) {
      throw new UsageError(
        `The server's URL is ${JSON.stringify(url)}; write one such as http://127.0.0.1:8080.`,
      );
    }
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw new UsageError('The token has characters that no token has.');
    }
    this.#base = base;
    this.#token = token;
    this.#ca = ca;
  }

  get<T>(path: string, query?: Query): Promise<Answer<T>> {
    return this.#json({ method: 'GET', path, query: query ?? {} });
  }

  delete<T>(path: string): Promise<Answer<T>> {
    return this.#json({ method: 'DELETE', path });
  }

  /** @param options the query and headers that go with it */
  post<T>(
    path: string,
    body?: unknown,
    options: Pick<Exchange, 'query' | 'headers'> = {},
  ): Promise<Answer<T>> {
    if (body === undefined) return this.#json({ method: 'POST', path, ...options });
    return this.#json({
      method: 'POST',
      path,
      ...options,
      headers: { 'content-type': 'application/json', ...options.headers },
      body: JSON.stringify(body),
    });
  }

  put<T>(path: string, body: unknown): Promise<Answer<T>> {
    return this.#json({
      method: 'PUT',
      path,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  postForm<T>(path: string, form: FormData): Promise<Answer<T>> {
    return this.#form('POST', path, form);
  }

  putForm<T>(path: string, form: FormData): Promise<Answer<T>> {
    return this.#form('PUT', path, form);
  }

  /** An answer that is no JSON. */
  getText(path: string): Promise<string> {
    return this.#call({ method: 'GET', path });
  }

  /** Address and headers for a WebSocket to the same server. */
  webSocketTarget(): WebSocketTarget {
    const url = this.#url('/ws');
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    return { url: url.href, headers: this.#authorization(), ca: this.#ca };
  }

  #url(path: string): URL {
    // What the base has behind the host stays in front: a gateway may serve the API under a folder.
    const url = new URL(this.#base);
    url.pathname = url.pathname.replace(/\/+$/, '') + path;
    url.search = '';
    url.hash = '';
    return url;
  }

  #authorization(): Record<string, string> {
    return this.#token === undefined ? {} : { 'x-caxton-token': this.#token };
  }

  async #form<T>(method: 'POST' | 'PUT', path: string, form: FormData): Promise<Answer<T>> {
    const encoded = new Response(form);
    return this.#json({
      method,
      path,
      headers: { 'content-type': encoded.headers.get('content-type') as string },
      body: new Uint8Array(await encoded.arrayBuffer()),
    });
  }

  async #json<T>(exchange: Exchange): Promise<Answer<T>> {
    const text = await this.#call(exchange);
    try {
      return { text, value: JSON.parse(text) as T };
    } catch {
      throw new UnreachableError(`${this.#base.href} answers, but not as a Caxton server does.`);
    }
  }

  async #call(exchange: Exchange): Promise<string> {
    const url = this.#url(exchange.path);
    for (const [name, value] of Object.entries(exchange.query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    const { status, text } = await this.#send(url, exchange);
    if (status >= 200 && status < 300) return text;
    throw apiError(text) ?? new UnreachableError(this.#strangeAnswer(status));
  }

  #strangeAnswer(status: number): string {
    return `${this.#base.href} answered ${status}, but not as a Caxton server does. Is it one?`;
  }

  #send(url: URL, exchange: Exchange): Promise<{ status: number; text: string }> {
    return new Promise((resolve, reject) => {
      const lost = (error: Error): void => reject(unreachable(this.#base, error));
      const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
      const request = send(url, {
        method: exchange.method,
        headers: { ...exchange.headers, ...this.#authorization() },
        agent: false,
        ...(this.#ca !== undefined && { ca: this.#ca }),
      });
      request.on('error', lost);
      request.on('response', (response) => {
        readText(response).then(
          (text) => resolve({ status: response.statusCode as number, text }),
          lost,
        );
      });
      limitConnecting(request);
      request.end(exchange.body);
    });
  }
}

/** The error that an answer's body tells, or undefined when it tells none. */
export function apiError(text: string): ApiError | undefined {
  try {
    const body = JSON.parse(text) as ErrorBody | null;
    if (typeof body?.error?.code === 'string') return new ApiError(body, text);
  } catch {
    return undefined;
  }
  return undefined;
}

/** Codes of OpenSSL and Node.js for certificates that don't pass. */
const UNTRUSTED = /^(UNABLE_TO_|CERT_|SELF_SIGNED_|DEPTH_ZERO_|ERR_TLS_CERT_)/;

/** Says of a failed connection what a user can do. */
export function unreachable(url: URL | string, error: Error): UnreachableError {
  const { code } = error as NodeJS.ErrnoException;
  const text = String(url).replace(/\/+$/, '');
  // What HTTP/1 gets from a port of HTTP/2.
  if (code === 'HPE_INVALID_CONSTANT') {
    return new UnreachableError(
      `What answers at ${text} does not speak HTTP/1.1. If it is the server's gRPC port, name that of REST, such as http://127.0.0.1:8080, with --server URL or CAXTON_URL.`,
    );
  }
  const reason = code === 'ECONNREFUSED' ? 'connection refused' : error.message || code;
  if (code !== undefined && UNTRUSTED.test(code)) {
    return new UnreachableError(
      `The server at ${String(url).replace(/\/+$/, '')} shows a certificate that is not trusted: ${reason}. Name the authority that signed it with --ca FILE or CAXTON_CA.`,
    );
  }
  return new UnreachableError(
    `No server answers at ${text}: ${reason}. Start one with "caxton serve", or name another with --server URL or CAXTON_URL.`,
  );
}

async function readText(response: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  return Buffer.concat(pieces).toString();
}

// Only connecting is limited: an answer may take as long as the server was asked to wait.
function limitConnecting(request: ClientRequest): void {
  const limit_ms = LIMITS.client_connect_ms;
  const timer = setTimeout(() => {
    request.destroy(new Error(`no connection within ${limit_ms / 1_000} seconds`));
  }, limit_ms);
  const stop = (): void => clearTimeout(timer);
  request.on('socket', (socket) => socket.once('connect', stop));
  request.once('close', stop);
}
