import { DEFAULT_RETRY, type RetryPolicy } from './backoff.js';
import type { WebSocketFactory } from './web-socket.js';

export interface ClientOptions {
  /** Where REST and WebSocket are served: `http://localhost:8080`, also with a path before /api. */
  readonly endpoint: string;
  /** The token; a server without tokens takes no notice of it. */
  readonly apiKey?: string | undefined;
  /** Most that a call may take, all of its attempts together; default 60,000, Infinity = no end. */
  readonly timeoutMs?: number | undefined;
  /** How failed attempts are repeated; `false` = not at all. */
  readonly retry?: Partial<RetryPolicy> | false | undefined;
  /** Instead of the global fetch: for a proxy, own certificates, or tests. */
  readonly fetch?: typeof fetch | undefined;
  /** Instead of the global WebSocket, or of the package ws where there is none. */
  readonly webSocket?: WebSocketFactory | undefined;
}

/** The same with every default filled in. */
export interface Settings {
  readonly endpoint: URL;
  readonly apiKey: string | undefined;
  readonly timeoutMs: number;
  readonly retry: RetryPolicy;
  readonly fetch: typeof fetch;
  readonly webSocket: WebSocketFactory | undefined;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** @throws TypeError when an option can't be used */
export function settingsOf(options: ClientOptions): Settings {
  const { apiKey, retry } = options;
  const endpoint = URL.canParse(options.endpoint) ? new URL(options.endpoint) : undefined;
  if (endpoint === undefined || !/^https?:$/.test(endpoint.protocol)) {
    const given = JSON.stringify(options.endpoint);
    throw new TypeError(`endpoint must be a URL such as http://localhost:8080; got ${given}.`);
  }
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new TypeError('apiKey has characters that no token has.');
  }
  return {
    endpoint,
    apiKey,
    timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    retry: retry === false ? { ...DEFAULT_RETRY, retries: 0 } : { ...DEFAULT_RETRY, ...retry },
    // A browser's fetch wants to be called as one of the window.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    webSocket: options.webSocket,
  };
}

/** What stands before a path stays: a gateway may serve the API under a folder. */
export function urlOf(endpoint: URL, path: string): URL {
  const url = new URL(endpoint);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  url.search = '';
  url.hash = '';
  return url;
}
