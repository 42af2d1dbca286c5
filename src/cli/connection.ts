import type { CaxtonClient, WebSocketLike } from '@caxton/sdk';
import { ApiError, UnreachableError, UsageError } from './failures.js';
import { nodeFetch } from './node-fetch.js';
import { unreachable } from './unreachable.js';

/** Where the server is, and what to show it. */
export interface ServerAddress {
  readonly url: string;
  readonly token: string | undefined;
  /** Certificates in PEM to trust the server by; undefined = the well-known ones. */
  readonly ca: string | undefined;
}

type Sdk = typeof import('@caxton/sdk');

/** A successful answer: its text as it came, and what it says. */
export interface Answer<T> {
  readonly text: string;
  readonly value: T;
}

/** The SDK's client of one server, with failures as the command line tells them. */
export class Connection {
  readonly #url: URL;
  readonly #options: ServerAddress;
  /** Loaded when it is needed, so that commands that ask no server start without it. */
  #sdk: Sdk | undefined;
  #client: CaxtonClient | undefined;
  /** The last answer or frame as it came. */
  #heard = '';

  /** @throws UsageError when the URL or the token is none */
  constructor(options: ServerAddress) {
    const { url, token } = options;
    const base = URL.canParse(url) ? new URL(url) : undefined;
    if (base === undefined || !/^https?:$/.test(base.protocol)) {
      throw new UsageError(
        `The server's URL is ${JSON.stringify(url)}; write one such as http://127.0.0.1:8080.`,
      );
    }
    if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
      throw new UsageError('The token has characters that no token has.');
    }
    this.#url = base;
    this.#options = options;
  }

  /** For connections of other kinds to the same server. */
  get address(): ServerAddress {
    return { ...this.#options, url: this.#url.href };
  }

  /** The frame that a subscription's handler is being called with, as it came. */
  get frameText(): string {
    return this.#heard;
  }

  async client(): Promise<CaxtonClient> {
    this.#sdk ??= await import('@caxton/sdk');
    this.#client ??= this.#create(this.#sdk);
    return this.#client;
  }

  /**
   * Makes one call at a time.
   * @throws ApiError, UnreachableError
   */
  async ask<T>(call: (client: CaxtonClient) => Promise<T>): Promise<Answer<T>> {
    const client = await this.client();
    try {
      const value = await call(client);
      return { text: this.#heard, value };
    } catch (error) {
      throw this.failure(error);
    }
  }

  /** What the SDK tells of a failure, as the command line tells it. */
  failure(error: unknown): unknown {
    if (!this.#sdk?.CaxtonError.is(error)) return error;
    const { code, message, details, traceId } = error;
    if (code === 'UNREACHABLE') return unreachable(this.#url, error.cause);
    if (code === 'INVALID_ANSWER') return new UnreachableError(message);
    return new ApiError({ code, message, details, ...(traceId !== '' && { trace_id: traceId }) });
  }

  /** The same for a stream, whose WebSocket has an address of its own and may end. */
  streamFailure(error: unknown): unknown {
    if (!this.#sdk?.CaxtonError.is(error, 'UNREACHABLE')) return this.failure(error);
    const { cause } = error;
    if (cause === undefined) return new UnreachableError(`${error.message}.`);
    if (cause instanceof ApiError || cause instanceof UnreachableError) return cause;
    const url = new URL(this.#url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/ws`;
    return unreachable(url, cause);
  }

  #create({ CaxtonClient }: Sdk): CaxtonClient {
    const { token, ca } = this.#options;
    const heard = (text: string): void => {
      this.#heard = text;
    };
    return new CaxtonClient({
      endpoint: this.#url.href,
      apiKey: token,
      // Whoever sits before it, or the script around it, decides how long to wait and what to repeat.
      timeoutMs: Number.POSITIVE_INFINITY,
      retry: false,
      fetch: nodeFetch({ ca, heard }),
      webSocket: async (url, headers) => {
        const { nodeSocket } = await import('./node-socket.js');
        return nodeSocket(url, headers, { ca, heard }) as unknown as WebSocketLike;
      },
    });
  }
}
