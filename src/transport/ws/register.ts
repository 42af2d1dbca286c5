import { invalidRequest } from '../../base/errors.js';
import { newTraceId, traceIdOf } from '../../base/ids.js';
import { LIMITS } from '../../base/limits.js';
import { authenticateRequest, HttpContext, traceparentOf } from '../http-context.js';
import { type ErrorReply, reportError, writeError } from '../http-reply.js';
import type { Uws, UwsApp, UwsRequest, UwsWebSocket } from '../uws-loader.js';
import { Connection, type WebSocketParts } from './connection.js';
import { Turn } from './turn.js';

const PATH = '/ws';

const VERSION = '13';

/** RFC 6455, section 4.4: the version is told along. */
const NO_UPGRADE: ErrorReply = {
  status: 426,
  headers: { upgrade: 'websocket', connection: 'upgrade', 'sec-websocket-version': VERSION },
};

/**
 * What the library leaves unlooked at of RFC 6455, section 4.2.1.
 * @throws CaxtonError INVALID_REQUEST
 */
function checkUpgrade(request: UwsRequest): void {
  if (request.getHeader('upgrade').toLowerCase() !== 'websocket') {
    throw invalidRequest('The header Upgrade must be websocket.', 'upgrade');
  }
  if (request.getHeader('sec-websocket-version') !== VERSION) {
    throw invalidRequest(
      `Sec-WebSocket-Version must be ${VERSION} (RFC 6455).`,
      'sec-websocket-version',
      { allowed: [VERSION] },
    );
  }
}

/** What a socket carries with it from its upgrade to its end. */
interface SocketData {
  readonly context: HttpContext;
  connection: Connection | undefined;
}

export interface WebSocketServer {
  readonly connections: number;
  /** Ends every connection with a close frame. */
  close(): void;
}

/** Serves the WebSocket at /ws. `idleS` is LIMITS.websocket_idle_s unless told otherwise. */
export function registerWebSocket(
  app: UwsApp,
  parts: WebSocketParts & { readonly uws: Uws; readonly idleS?: number },
): WebSocketServer {
  const connections = new Set<Connection>();
  const turn = new Turn();
  app.ws<SocketData>(PATH, {
    maxPayloadLength: LIMITS.websocket_frame_bytes,
    // Not the library's bound, which drops without a word: the connection keeps its own.
    maxBackpressure: 0,
    idleTimeout: parts.idleS ?? LIMITS.websocket_idle_s,
    sendPingsAutomatically: true,
    compression: parts.uws.DISABLED,
    upgrade: (response, request, socketContext) => {
      const traceparent = traceparentOf(request);
      let context: HttpContext;
      try {
        checkUpgrade(request);
        const query = new URLSearchParams(request.getQuery() ?? '');
        const principal = authenticateRequest(parts.api, request, response, {
          queryToken: query.get('token') ?? '',
        });
        context = new HttpContext(principal, traceparent, '');
      } catch (error) {
        const traceId = traceIdOf(traceparent) ?? newTraceId();
        const known = reportError(error, traceId, parts.logger);
        writeError(response, known, traceId, known.code === 'INVALID_REQUEST' ? NO_UPGRADE : {});
        return;
      }
      response.upgrade<SocketData>(
        { context, connection: undefined },
        request.getHeader('sec-websocket-key'),
        '',
        request.getHeader('sec-websocket-extensions'),
        socketContext,
      );
    },
    open: (socket) => {
      const data = socket.getUserData();
      data.connection = new Connection(socket as UwsWebSocket<unknown>, parts, data.context, turn);
      connections.add(data.connection);
    },
    message: (socket, message, isBinary) => {
      socket.getUserData().connection?.receive(Buffer.from(message), isBinary);
    },
    // Answered by the library before this is called, also to a client that reads nothing.
    ping: (socket) => socket.getUserData().connection?.checkRead(),
    drain: (socket) => socket.getUserData().connection?.drained(),
    close: (socket) => {
      const { connection } = socket.getUserData();
      if (connection === undefined) return;
      connections.delete(connection);
      connection.closed();
    },
  });
  app.any(PATH, (response) => {
    const error = invalidRequest(
      'This is a WebSocket: connect with ws://, not http://.',
      'upgrade',
    );
    writeError(response, error, newTraceId(), NO_UPGRADE);
  });
  return {
    get connections() {
      return connections.size;
    },
    close: () => {
      for (const connection of [...connections]) connection.end();
    },
  };
}
