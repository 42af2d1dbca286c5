import { WebSocket } from 'ws';
import { LIMITS } from '../base/limits.js';
import { apiError, UnreachableError } from './failures.js';
import { type NodeFetchOptions, readText } from './node-fetch.js';

/** A WebSocket for the SDK, which tells in its `error` why the server refused it. */
export function nodeSocket(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { ca, heard }: NodeFetchOptions,
): WebSocket {
  const socket = new WebSocket(url, {
    headers,
    ...(ca !== undefined && { ca }),
    handshakeTimeout: LIMITS.client_connect_ms,
    maxPayload: LIMITS.websocket_frame_bytes,
  });
  if (heard !== undefined) {
    socket.on('message', (data, isBinary) => {
      if (!isBinary) heard(data.toString());
    });
  }
  socket.on('unexpected-response', (_, response) => {
    const fail = (error: unknown): boolean => socket.emit('error', error);
    readText(response).then((text) => fail(refusal(response.statusCode, text)), fail);
  });
  return socket;
}

function refusal(status: number | undefined, text: string): Error {
  return (
    apiError(text) ??
    new UnreachableError(`The server answered ${status} to the WebSocket; is it a Caxton server?`)
  );
}
