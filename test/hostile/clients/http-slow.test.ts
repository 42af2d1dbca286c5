import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/eventually.js';
import { RawHttp } from '../../support/raw-http.js';
import { Neighbourhood } from '../neighbourhood.js';
import { BaseLine } from './base-line.js';

/*
 * Slowloris and its kin: connections that are held open by next to nothing. The HTTP library gives
 * the head of a request ten seconds, its body 16 KiB a second over ten seconds, and an idle
 * connection ten seconds; it looks every four.
 */

let place: Neighbourhood;
let line: BaseLine;
before(async () => {
  place = await Neighbourhood.start();
  line = await BaseLine.of(place.server);
});
after(() => place?.close());

const HOST = 'Host: localhost\r\n';
const post = (headers: string, body = ''): string =>
  `POST /api/v1/messages HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n${headers}\r\n${body}`;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';

/** What is sent first, and what then comes again and again. */
const SLOW: Readonly<Record<string, readonly [string, string]>> = {
  'nothing at all': ['', ''],
  'a head byte by byte': [`GET /healthz HTTP/1.1\r\n${HOST}X: `, 'y'],
  'headers one by one': [`GET /healthz HTTP/1.1\r\n${HOST}`, 'X: y\r\n'],
  'a body that never comes': [post('Content-Length: 100000\r\n'), ''],
  'a body byte by byte': [post('Content-Length: 100000\r\n'), 'x'],
  'a body a kilobyte at a time': [post('Content-Length: 10000000\r\n'), 'x'.repeat(1_024)],
  'chunks of a byte': [post(CHUNKED), '1\r\nx\r\n'],
  'an extension of a chunk byte by byte': [post(CHUNKED, '1;'), 'x'],
  'trailers one by one': [post(CHUNKED, '1\r\nx\r\n0\r\n'), 'X: y\r\n'],
  'a body that nobody wants': [
    `POST /nowhere HTTP/1.1\r\n${HOST}Content-Length: 100000\r\n\r\n`,
    'x',
  ],
  'a connection kept for later': [`GET /healthz HTTP/1.1\r\n${HOST}\r\n`, ''],
};

const CONNECTIONS = 40;
const DRIP_MS = 500;

describe('is let go after some ten seconds:', { concurrency: true }, () => {
  for (const [name, [first, drip]] of Object.entries(SLOW)) {
    test(name, async () => {
      const clients = await Promise.all(
        Array.from({ length: CONNECTIONS }, () => RawHttp.connect(place.server.url)),
      );
      for (const client of clients) client.write(first);
      const timer = setInterval(() => {
        if (drip !== '') for (const client of clients) if (!client.ended) client.write(drip);
      }, DRIP_MS);
      try {
        await eventually('all connections end', () => clients.every(({ ended }) => ended));
      } finally {
        clearInterval(timer);
        for (const client of clients) client.close();
      }
      for (const { rest } of clients) assert.doesNotMatch(rest, /"message_id"/);
    });
  }
});

test('what they took is given back', async () => {
  await place.echoAnswers(5);
  await line.comesBack();
});
