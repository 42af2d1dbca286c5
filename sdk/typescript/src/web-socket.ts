import { CaxtonError } from './error.js';

/** The part of the WebSocket standard that is used. */
export interface WebSocketLike {
  binaryType: string;
  readonly bufferedAmount: number;
  readonly readyState: number;
  send(data: string | Uint8Array): void;
  close(code?: number, reason?: string): void;
  addEventListener(type: 'open' | 'error', listener: (event: object) => void): void;
  addEventListener(type: 'message', listener: (event: { data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { code: number; reason: string }) => void,
  ): void;
}

/** Opens a WebSocket. Where `headers` can't be sent, put the token into the query `token`. */
export type WebSocketFactory = (
  url: URL,
  headers: Readonly<Record<string, string>>,
) => WebSocketLike | Promise<WebSocketLike>;

type Constructor = new (url: string, options?: { headers: object }) => WebSocketLike;

interface HostGlobals {
  readonly WebSocket?: Constructor;
  readonly document?: object;
  readonly process?: { readonly release?: { readonly name?: string } };
}

// A name in a variable, so that bundlers for browsers don't look for it.
const NODE_PACKAGE = 'ws';

/** The platform's own WebSocket; on Node.js before 22, which has none, that of the package ws. */
export async function openWebSocket(
  url: URL,
  headers: Readonly<Record<string, string>>,
): Promise<WebSocketLike> {
  const host = globalThis as unknown as HostGlobals;
  const isNode = host.process?.release?.name === 'node' && host.document === undefined;
  if (isNode) return new (host.WebSocket ?? (await fromPackage()))(url.href, { headers });
  if (host.WebSocket === undefined) {
    const message = 'There is no WebSocket here; give the client one by its option webSocket.';
    throw new CaxtonError({ code: 'NO_WEBSOCKET', message });
  }
  // Browsers send no headers of ours; the server takes the token from the query instead.
  const token = headers['x-caxton-token'];
  if (token !== undefined) url.searchParams.set('token', token);
  return new host.WebSocket(url.href);
}

async function fromPackage(): Promise<Constructor> {
  try {
    const { WebSocket } = await import(/* webpackIgnore: true */ /* @vite-ignore */ NODE_PACKAGE);
    return WebSocket as Constructor;
  } catch (cause) {
    throw new CaxtonError({
      code: 'NO_WEBSOCKET',
      message:
        'This version of Node.js has no WebSocket: run "npm install ws", or use Node.js 22 or newer.',
      cause,
    });
  }
}
