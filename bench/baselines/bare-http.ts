import { loadUws } from '../../src/transport/uws-loader.js';
import { listen } from './listen.js';

/**
 * What uWebSockets.js does by itself: reads a body, parses it as JSON and answers with JSON of the
 * size of our own answer.
 */
const ANSWER = {
  message_id: 'msg_01M85VGSZPA3WM0QMQ57930000',
  status: 'delivered',
  delivered_at: '2024-01-15T10:30:00.123Z',
};

const app = loadUws().App();
app.post('/api/v1/messages', (response) => {
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
});
listen(app);
