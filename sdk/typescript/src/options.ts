import { DEFAULT_RETRY, FIRST_CONTACT_RETRIES, type RetryPolicy } from './backoff.js';
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
  /** Attempts beside the first while no server was ever reached. */
  readonly firstContactRetries: number;
  readonly fetch: typeof fetch;
  /** Whether fetch is the user's, so that it may trust others than the WebSocket does. */
  readonly ownFetch: boolean;
  readonly webSocket: WebSocketFactory | undefined;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** @throws TypeError when an option can't be used */
export function settingsOf(options: ClientOptions): Settings {
  const { apiKey, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (apiKey !== undefined && !/^[\x21-\x7e]+$/.test(apiKey)) {
    throw new TypeError('apiKey has characters that no token has.');
  }
  checkTimeout(timeoutMs);
  const retry = retryOf(options.retry);
  const isPolicy = typeof options.retry === 'object' && options.retry.retries !== undefined;
  return {
    endpoint: endpointOf(options.endpoint),
    apiKey,
    timeoutMs,
    retry,
    firstContactRetries: isPolicy ? retry.retries : Math.min(retry.retries, FIRST_CONTACT_RETRIES),
    // A browser's fetch wants to be called as one of the window.
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    ownFetch: options.fetch !== undefined,
    webSocket: options.webSocket,
  };
}

/** @throws TypeError when it is no time: more than 0 ms, Infinity = no end */
export function checkTimeout(timeoutMs: number): void {
  if (typeof timeoutMs === 'number' && timeoutMs > 0) return;
  throw new TypeError(
    `timeoutMs must be a number of milliseconds above 0, or Infinity; got ${String(timeoutMs)}.`,
  );
}

function endpointOf(given: string): URL {
  const endpoint = URL.canParse(given) ? new URL(given) : undefined;
  if (endpoint === undefined || !/^https?:$/.test(endpoint.protocol)) {
    const shown = JSON.stringify(given);
    throw new TypeError(`endpoint must be a URL such as http://localhost:8080; got ${shown}.`);
  }
  if (endpoint.search !== '' || endpoint.hash !== '') {
    throw new TypeError('endpoint can have a path, but neither a query nor a fragment.');
  }
  if (endpoint.username !== '' || endpoint.password !== '') {
    throw new TypeError('endpoint can have no user or password; a token goes in apiKey.');
  }
  return endpoint;
}

function retryOf(given: ClientOptions['retry']): RetryPolicy {
  if (given === false) return { ...DEFAULT_RETRY, retries: 0 };
  const policy = { ...DEFAULT_RETRY, ...given };
  if (!(policy.retries >= 0) || !(policy.retries % 1 === 0 || policy.retries === Infinity)) {
    throw new TypeError(`retry.retries must be a whole number from 0 on; got ${policy.retries}.`);
  }
  for (const name of ['minDelayMs', 'maxDelayMs'] as const) {
    if (policy[name] >= 0) continue;
    throw new TypeError(`retry.${name} must be a number of milliseconds; got ${policy[name]}.`);
  }
  return policy;
}

/** What stands before a path stays: a gateway may serve the API under a folder. */
export function urlOf(endpoint: URL, path: string): URL {
  const url = new URL(endpoint);
  url.pathname = url.pathname.replace(/\/+$/, '') + path;
  url.search = '';
  url.hash = '';
  return url;
}
