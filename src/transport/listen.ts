import { CaxtonError } from '../base/errors.js';
import { formatEndpoint } from '../config/endpoint.js';
import type { Uws, UwsApp } from './uws-loader.js';

export interface HttpListener {
  /** The port that was bound, where port 0 asked for any. */
  readonly port: number;
  /** Takes no more connections; those that are open go on. */
  stopListening(): void;
  /** Ends every connection as well. */
  close(): void;
}

/**
 * Binds the app, which serves REST and WebSocket together. The port is taken alone: without that,
 * two servers on one port would silently share its connections.
 * @throws CaxtonError UNAVAILABLE when the address can't be bound
 */
export function listenHttp(
  uws: Uws,
  app: UwsApp,
  host: string,
  port: number,
): Promise<HttpListener> {
  return new Promise((resolve, reject) => {
    app.listen(host, port, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
      if (socket === false) {
        reject(
          new CaxtonError(
            'UNAVAILABLE',
            `HTTP can't listen on ${formatEndpoint({ host, port })}: the port is in use, or the address is not of this machine. End the other server, or choose another with --http HOST:PORT.`,
            { field: 'http', host, port },
          ),
        );
        return;
      }
      let listening = true;
      const stopListening = (): void => {
        if (listening) uws.us_listen_socket_close(socket);
        listening = false;
      };
      resolve({
        port: uws.us_socket_local_port(socket),
        stopListening,
        close: () => {
          stopListening();
          app.close();
        },
      });
    });
  });
}
