/**
 * Loaded into a server before anything else (`--import`): its WebSocket then answers each message with
 * itself, as the Autobahn suite wants it. All else is the server's own: the library, the upgrade, the
 * bounds and what is done about frames that break the protocol.
 */
import { isMainThread } from 'node:worker_threads';
import { loadUws, type UwsApp, type UwsWebSocketBehavior } from '../../src/transport/uws-loader.js';

function echo(app: UwsApp): UwsApp {
  const serve: UwsApp['ws'] = app.ws.bind(app);
  app.ws = <Data>(path: string, behavior: UwsWebSocketBehavior<Data>) =>
    serve<Data>(path, {
      ...behavior,
      message: (socket, message, isBinary) => {
        socket.send(new Uint8Array(message), isBinary);
      },
    });
  return app;
}

if (isMainThread) {
  const uws = loadUws() as { App: () => UwsApp };
  const make = uws.App;
  // Bound, since the loader refuses a function that shows its source as an imitation.
  uws.App = (() => echo(make())).bind(undefined);
}
