import { loadUws } from '../../src/transport/uws-loader.js';

/** Listens on a free port of the loopback address and prints it. */
export function listen(app: ReturnType<ReturnType<typeof loadUws>['App']>): void {
  const uws = loadUws();
  app.listen('127.0.0.1', 0, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
    if (socket === false) throw new Error('no port');
    process.stdout.write(`port ${uws.us_socket_local_port(socket)}\n`);
  });
}
