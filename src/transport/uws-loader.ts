import { createRequire } from 'node:module';

/** The part of uWebSockets.js that the server uses, in types of its own. */

/** Valid until it was ended or aborted; after that no method may be called. */
export interface UwsResponse {
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  end(body?: string | Uint8Array, closeConnection?: boolean): UwsResponse;
  endWithoutBody(reportedLengthBytes?: number, closeConnection?: boolean): UwsResponse;
  /**
   * Sends what the connection takes now. The last chunk of `totalBytes` ends the answer.
   * @returns whether all of it went, and whether the answer is over
   */
  tryEnd(chunk: Uint8Array, totalBytes: number): [boolean, boolean];
  /** The handler is told how much of the answer went, and says whether it sent all it had. */
  onWritable(handler: (offsetBytes: number) => boolean): UwsResponse;
  onAborted(handler: () => void): UwsResponse;
  /** The chunk's memory is taken back when the handler returns. */
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse;
  cork(handler: () => void): UwsResponse;
  close(): UwsResponse;
  /** IPv6 in full. */
  getRemoteAddressAsText(): ArrayBuffer;
  upgrade<Data>(
    userData: Data,
    key: string,
    protocol: string,
    extensions: string,
    context: UwsSocketContext,
  ): void;
}

/** Lives on the stack: valid only until the handler returns. */
export interface UwsRequest {
  /** '' when the header is absent. */
  getHeader(lowerCaseName: string): string;
  /** As in the URL, not percent-decoded. */
  getParameter(index: number): string | undefined;
  getUrl(): string;
  /** In lower case. */
  getMethod(): string;
  /** What follows the question mark; '' or undefined when there is none. */
  getQuery(): string | undefined;
}

export interface UwsSocketContext {
  readonly uwsSocketContext: never;
}

export interface UwsListenSocket {
  readonly uwsListenSocket: never;
}

/** Valid until its close handler was called; after that every method throws. */
export interface UwsWebSocket<Data> {
  /** @returns 1 sent, 0 buffered, 2 dropped */
  send(message: string | Uint8Array, isBinary: boolean): number;
  getBufferedAmount(): number;
  getUserData(): Data;
  /** Sends a close frame; the close handler runs before this returns. */
  end(code: number, reason: string): void;
  cork(handler: () => void): unknown;
}

export interface UwsWebSocketBehavior<Data> {
  maxPayloadLength: number;
  /** 0 = not bounded by the library. */
  maxBackpressure: number;
  /** Seconds. */
  idleTimeout: number;
  sendPingsAutomatically: boolean;
  compression: number;
  upgrade(response: UwsResponse, request: UwsRequest, context: UwsSocketContext): void;
  open(socket: UwsWebSocket<Data>): void;
  message(socket: UwsWebSocket<Data>, message: ArrayBuffer, isBinary: boolean): void;
  /** Called when the library has put the answer to a ping into the buffer. */
  ping?(socket: UwsWebSocket<Data>): void;
  drain(socket: UwsWebSocket<Data>): void;
  close(socket: UwsWebSocket<Data>, code: number, reason: ArrayBuffer): void;
}

export type UwsHandler = (response: UwsResponse, request: UwsRequest) => void;

export interface UwsApp {
  get(pattern: string, handler: UwsHandler): UwsApp;
  head(pattern: string, handler: UwsHandler): UwsApp;
  post(pattern: string, handler: UwsHandler): UwsApp;
  put(pattern: string, handler: UwsHandler): UwsApp;
  del(pattern: string, handler: UwsHandler): UwsApp;
  any(pattern: string, handler: UwsHandler): UwsApp;
  ws<Data>(pattern: string, behavior: UwsWebSocketBehavior<Data>): UwsApp;
  listen(
    host: string,
    port: number,
    options: number,
    listening: (socket: UwsListenSocket | false) => void,
  ): UwsApp;
  /** Ends every connection and stops listening. */
  close(): UwsApp;
}

export interface UwsPart {
  readonly name?: string;
  /** A view of the body that was parsed. */
  readonly data: ArrayBuffer;
  readonly type?: string;
  readonly filename?: string;
}

/** Files in PEM. */
export interface UwsTlsOptions {
  readonly key_file_name: string;
  readonly cert_file_name: string;
}

export interface Uws {
  App(): UwsApp;
  /** @throws Error when a file can't be used */
  SSLApp(options: UwsTlsOptions): UwsApp;
  getParts(body: Uint8Array, contentType: string): UwsPart[] | undefined;
  us_listen_socket_close(socket: UwsListenSocket): void;
  us_socket_local_port(socket: UwsListenSocket): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
  readonly DISABLED: number;
}

/** A package that may hold the library, and the module of it to load. */
export interface UwsCandidate {
  readonly name: string;
  readonly specifier: string;
}

// Newest first. Of the older package the native binary is loaded by its file name: its main module
// would put a slower imitation on node:http in place of a binary that does not load.
const CANDIDATES: readonly UwsCandidate[] = [
  { name: 'uws-current', specifier: 'uws-current' },
  {
    name: 'uws-legacy',
    specifier: `uws-legacy/binaries/uws_${process.platform}_${process.arch}_${process.versions.modules}.node`,
  },
];

/**
 * Loads the first candidate that has a native binary for this platform and Node.js.
 * @throws Error that says what to install when none has
 */
export function loadUws(
  candidates: readonly UwsCandidate[] = CANDIDATES,
  load: (specifier: string) => unknown = createRequire(import.meta.url),
): Uws {
  const failures: string[] = [];
  for (const { name, specifier } of candidates) {
    try {
      const loaded = load(specifier) as Partial<Uws>;
      if (isNative(loaded)) return loaded;
      failures.push(`${name}: not the native library`);
    } catch (error) {
      failures.push(`${name}: ${lastLine(error)}`);
    }
  }
  throw new Error(
    `uWebSockets.js has no binary that loads on ${process.platform} ${process.arch} with Node.js ` +
      `${process.version}. Install Node.js 20 (glibc 2.34 or newer) or Node.js 22 and newer (glibc ` +
      '2.38 or newer), and the optional dependencies of caxton with it: npm install ' +
      `--include=optional. What was tried: ${failures.join('; ')}`,
  );
}

// An imitation in JavaScript shows its source where a native function shows none.
function isNative(loaded: Partial<Uws>): loaded is Uws {
  return (
    typeof loaded.App === 'function' &&
    typeof loaded.getParts === 'function' &&
    Function.prototype.toString.call(loaded.App).includes('[native code]')
  );
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('- '));
  return lines.at(-1) ?? text;
}
