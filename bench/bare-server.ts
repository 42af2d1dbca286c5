import { loadUws } from '../src/transport/uws-loader.js';

/**
 * The baseline: what uWebSockets.js does by itself. Reads a body, parses it as JSON and answers
 * with JSON of the size of our own answer. Prints its port.
 */
const uws = loadUws();
const ANSWER = {
  message_id: 'msg_01M85VGSZPA3WM0QMQ57930000',
  status: 'delivered',
  delivered_at: '2024-01-15T10:30:00.123Z',
};

uws
  .App()
  .post('/api/v1/messages', (response) => {
    let body: Buffer | undefined;
    response.onAborted(() => undefined);
    response.onData((chunk, isLast) => {
      const bytes = Buffer.from(chunk);
      if (!isLast) {
        body = body === undefined ? Buffer.from(bytes) : Buffer.concat([body, bytes]);
        return;
      }
      const whole = body === undefined ? bytes : Buffer.concat([body, bytes]);
      JSON.parse(whole.toString('utf8'));
      response.cork(() => {
        response.writeHeader('content-type', 'application/json').end(JSON.stringify(ANSWER));
      });
    });
  })
  .listen('127.0.0.1', 0, uws.LIBUS_LISTEN_EXCLUSIVE_PORT, (socket) => {
    if (socket === false) throw new Error('no port');
    process.stdout.write(`port ${uws.us_socket_local_port(socket)}\n`);
  });
