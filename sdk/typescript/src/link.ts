import { backoffMs } from './backoff.js';
import { CaxtonError } from './error.js';
import { type Settings, urlOf } from './options.js';
import { isUntrusted, unreachable } from './unreachable.js';
import { openWebSocket, type WebSocketLike } from './web-socket.js';

/** Pauses between attempts to connect. */
const RECONNECT = Object.freeze({ retries: 0, minDelayMs: 100, maxDelayMs: 30_000 });
const CONNECT_MS = 10_000;
/** After so long without a frame the server is asked for one, which has to come in as long. */
const SILENCE_MS = 20_000;
const OPEN = 1;

export interface LinkHandlers {
  /** A connection is there, the first or a further one. */
  opened(): void;
  /** Text, or bytes that may be kept. */
  received(data: string | Uint8Array): void;
  /** The connection, or an attempt to get one, failed; another is made by itself. */
  lost(error: CaxtonError): void;
  /** The server doesn't let this client in, so there are no further attempts. */
  refused(error: CaxtonError): void;
  /** Asks over REST whether the client is let in, as a WebSocket doesn't tell why it failed. */
  mayConnect(signal: AbortSignal): Promise<unknown>;
}

/** A WebSocket to the server that comes back by itself, until it is closed or refused. */
export class Link {
  readonly #settings: Settings;
  readonly #handlers: LinkHandlers;
  readonly #ended = new AbortController();
  #socket: WebSocketLike | undefined;
  /** Failed attempts since a frame came. */
  #failures = 0;
  /** Whether the present or last connection came about. */
  #wasOpen = false;
  #reconnect: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #asked = false;
  #checking = false;

  constructor(settings: Settings, handlers: LinkHandlers) {
    this.#settings = settings;
    this.#handlers = handlers;
    void this.#connect();
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === OPEN;
  }

  /** Only while it is open. */
  send(data: string | Uint8Array): void {
    this.#socket?.send(data);
  }

  /** Gives up the present connection for a new one. */
  renew(reason: string): void {
    if (this.#socket !== undefined) this.#lose(this.#socket, reason);
  }

  close(): void {
    this.#ended.abort();
    clearTimeout(this.#reconnect);
    this.#drop();
  }

  async #connect(): Promise<void> {
    const url = urlOf(this.#settings.endpoint, '/ws');
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    const { apiKey, webSocket = openWebSocket } = this.#settings;
    let socket: WebSocketLike;
    try {
      socket = await webSocket(url, apiKey === undefined ? {} : { 'x-caxton-token': apiKey });
    } catch (cause) {
      this.#refuse(CaxtonError.is(cause) ? cause : notOpened(cause));
      return;
    }
    socket.binaryType = 'arraybuffer';
    // Also where it is closed at once, as some WebSockets throw an error that nobody listens for.
    this.#attach(socket);
    if (this.#ended.signal.aborted) {
      socket.close();
      return;
    }
    this.#socket = socket;
    this.#wasOpen = false;
    this.#watch = setTimeout(() => {
      this.#lose(socket, `no connection within ${CONNECT_MS / 1_000} s`);
    }, CONNECT_MS);
  }

  #attach(socket: WebSocketLike): void {
    socket.addEventListener('open', () => {
      if (socket !== this.#socket) return;
      this.#wasOpen = true;
      this.#listen(socket);
      this.#handlers.opened();
    });
    socket.addEventListener('message', ({ data }) => {
      if (socket !== this.#socket) return;
      this.#failures = 0;
      this.#listen(socket);
      if (typeof data === 'string') this.#handlers.received(data);
      else this.#handlers.received(new Uint8Array(data as ArrayBuffer));
    });
    // Node.js 22 tells no more than this when it couldn't connect; others close as well.
    socket.addEventListener('error', (event) => {
      const { message, error } = event as { message?: string; error?: unknown };
      this.#lose(socket, message || 'it failed', error);
    });
    socket.addEventListener('close', ({ code, reason }) => {
      this.#lose(socket, reason || `closed with the code ${code}`);
    });
  }

  /** A connection that is gone without a word shows by its silence. */
  #listen(socket: WebSocketLike): void {
    this.#asked = false;
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => this.#ask(socket), SILENCE_MS);
  }

  #ask(socket: WebSocketLike): void {
    if (this.#asked) {
      this.#lose(socket, 'the server is silent');
      return;
    }
    this.#asked = true;
    socket.send('{"type":"ping"}');
    this.#watch = setTimeout(() => this.#ask(socket), SILENCE_MS);
  }

  #drop(): void {
    clearTimeout(this.#watch);
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close(1000);
  }

  #lose(socket: WebSocketLike, reason: string, cause?: unknown): void {
    if (socket !== this.#socket) return;
    this.#drop();
    const untrusted = unreachable(this.#settings.endpoint, cause);
    if (isUntrusted(untrusted)) {
      this.#refuse(untrusted);
      return;
    }
    this.#handlers.lost(lost(this.#wasOpen, reason, cause));
    if (this.#ended.signal.aborted) return;
    if (!this.#wasOpen) void this.#check();
    const delayMs = backoffMs(RECONNECT, this.#failures);
    this.#failures += 1;
    this.#reconnect = setTimeout(() => void this.#connect(), delayMs);
  }

  /** Beside further attempts, which don't wait for it. */
  async #check(): Promise<void> {
    if (this.#checking) return;
    this.#checking = true;
    try {
      await this.#handlers.mayConnect(this.#ended.signal);
    } catch (error) {
      if (!this.isOpen && this.#isRefusal(error)) this.#refuse(error);
    } finally {
      this.#checking = false;
    }
  }

  #isRefusal(error: unknown): error is CaxtonError {
    if (!CaxtonError.is(error)) return false;
    // Of an own WebSocket, which may trust others, the global fetch says nothing.
    const { ownFetch, webSocket } = this.#settings;
    if (isUntrusted(error)) return ownFetch || webSocket === undefined;
    return CaxtonError.is(error, 'UNAUTHORIZED', 'FORBIDDEN', 'NOT_FOUND');
  }

  #refuse(error: CaxtonError): void {
    if (this.#ended.signal.aborted) return;
    this.close();
    this.#handlers.refused(error);
  }
}

function lost(wasOpen: boolean, reason: string, cause: unknown): CaxtonError {
  const what = wasOpen ? 'The connection to the server is lost' : 'The server can’t be reached';
  return new CaxtonError({ code: 'UNREACHABLE', message: `${what}: ${reason}`, cause });
}

function notOpened(cause: unknown): CaxtonError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `The WebSocket could not be made: ${reason}`;
  return new CaxtonError({ code: 'UNREACHABLE', message, cause });
}
