import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/eventually.js';
import { RawHttp } from '../../support/raw-http.js';
import { call } from '../../support/rest-client.js';
import { Neighbourhood } from '../neighbourhood.js';
import { BaseLine } from './base-line.js';

/*
 * Requests as they stand on the wire that no honest client writes (RFC 9112). Most would send a
 * message from `smuggler`, of which there must be none.
 */

let place: Neighbourhood;
let line: BaseLine;
before(async () => {
  place = await Neighbourhood.start();
  line = await BaseLine.of(place.server);
});
after(() => place?.close());

const CRLF = '\r\n';
const HOST = `Host: localhost${CRLF}`;
const BODY = JSON.stringify({ performative: 'inform', sender: 'smuggler', receiver: 'echo' });
const LENGTH = `Content-Length: ${BODY.length}${CRLF}`;
const CHUNKED = `Transfer-Encoding: chunked${CRLF}`;
const CHUNKS = `${BODY.length.toString(16)}${CRLF}${BODY}${CRLF}0${CRLF}${CRLF}`;

const post = (headers: string, rest: string): string =>
  `POST /api/v1/messages HTTP/1.1${CRLF}${HOST}Content-Type: application/json${CRLF}${headers}${CRLF}${rest}`;
const get = (path: string, headers = HOST, version = 'HTTP/1.1'): string =>
  `GET ${path} ${version}${CRLF}${headers}${CRLF}`;
const lengthOf = (text: string): string => post(`Content-Length: ${text}${CRLF}`, BODY);
const MEGABYTE = 1 << 20;

/** The connection ends, with an answer that refuses or without one; at most ten seconds later. */
const REFUSED: Readonly<Record<string, string>> = {
  'a chunk whose size is no number': post(CHUNKED, `zz${CRLF}`),
  'a chunk of negative size': post(CHUNKED, `-5${CRLF}abc`),
  'a chunk of 2^64 - 1 bytes': post(CHUNKED, `FFFFFFFFFFFFFFFF${CRLF}abc`),
  'a chunk of more bytes than a number holds': post(CHUNKED, `${'F'.repeat(20)}${CRLF}abc`),
  'a chunk with an extension of a megabyte': post(CHUNKED, `5;${'x'.repeat(MEGABYTE)}`),
  'trailers without end': post(
    CHUNKED,
    `${CHUNKS.slice(0, -2)}${`X: y${CRLF}`.repeat(200_000)}`,
  ).replace('smuggler', 'trailers'),
  'a length and chunks': post(`Content-Length: 4${CRLF}${CHUNKED}`, CHUNKS),
  'chunks and a length': post(`${CHUNKED}Content-Length: 4${CRLF}`, CHUNKS),
  'a list of lengths': lengthOf(`${BODY.length}, ${BODY.length}`),
  'a length with a sign': lengthOf(`+${BODY.length}`),
  'a negative length': lengthOf('-1'),
  'a length in hexadecimal': lengthOf('0x10'),
  'a length of 2^63': lengthOf('9223372036854775808'),
  'a length that no number holds': lengthOf('9'.repeat(40)),
  'a space before a colon': post(`Content-Length : ${BODY.length}${CRLF}`, BODY),
  'a header over two lines': post(`X: a${CRLF} b${CRLF}${LENGTH}`, BODY),
  'a space in a header’s name': post(`X Y: a${CRLF}${LENGTH}`, BODY),
  'a NUL in a header’s name': post(`X\0Y: a${CRLF}${LENGTH}`, BODY),
  'a NUL in a header': post(`X: a\0b${CRLF}${LENGTH}`, BODY),
  'no host': get('/healthz', ''),
  'lines that end in LF alone': 'GET /healthz HTTP/1.1\nHost: localhost\n\n',
  'lines that end in CR alone': 'GET /healthz HTTP/1.1\rHost: localhost\r\r',
  'HTTP/0.9': `GET /healthz${CRLF}`,
  'HTTP/2.0 by its number': get('/healthz', HOST, 'HTTP/2.0'),
  'the preface of HTTP/2': `PRI * HTTP/2.0${CRLF}${CRLF}SM${CRLF}${CRLF}`,
  'two hundred headers': post(`${`X: y${CRLF}`.repeat(200)}${LENGTH}`, BODY),
  'a header of four megabytes': post(`X: ${'y'.repeat(4 * MEGABYTE)}${CRLF}${LENGTH}`, BODY),
  'a path of four megabytes': get(`/${'a'.repeat(4 * MEGABYTE)}`),
  'a NUL in the path': get('/api/v1/agents/\0'),
  'an unknown method': get('/healthz').replace('GET', 'FOO'),
  'a method in lower case': get('/healthz').replace('GET', 'get'),
  'a method of a megabyte': 'A'.repeat(MEGABYTE),
  TLS: '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
};

describe('is refused and ends the connection:', { concurrency: true }, () => {
  for (const [name, text] of Object.entries(REFUSED)) {
    test(name, async () => {
      const raw = await RawHttp.connect(place.server.url);
      raw.write(text);
      await eventually('the connection ends', () => raw.ended);
      const statuses = [...raw.rest.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status!);
      const allowed = name.startsWith('trailers') ? /^[245]/ : /^[45]/;
      for (const status of statuses) assert.match(status, allowed);
      raw.close();
    });
  }
});

/** What is answered with this status, and the connection goes on. */
const ANSWERED: ReadonlyArray<readonly [string, string, number]> = [
  ['dots', get('/api/v1/agents/../status'), 404],
  ['dots beyond the root', get('/docs/../../../../etc/passwd'), 404],
  ['dots in percent-encoding', get('/api/v1/agents/%2e%2e/status'), 404],
  ['slashes in percent-encoding', get('/docs/..%2f..%2f..%2fetc%2fpasswd'), 404],
  ['backslashes', get('/docs\\..\\..\\package.json'), 404],
  ['slashes in an id', get('/api/v1/agents/..%2fmessages'), 404],
  ['two slashes', get('//api/v1/agents'), 404],
  ['two slashes further in', get('/api/v1//agents'), 404],
  ['a slash at the end', get('/api/v1/agents/'), 404],
  ['capitals', get('/API/v1/agents'), 404],
  ['%00', get('/api/v1/agents/echo%00'), 404],
  ['a stray %', get('/api/v1/agents/%'), 400],
  ['%zz', get('/api/v1/agents/%zz'), 400],
  ['bytes that are no UTF-8', get('/api/v1/agents/%ff%fe'), 400],
  ['an id of three kilobytes', get(`/api/v1/agents/${'a'.repeat(3_000)}`), 400],
  ['a query of three kilobytes', get(`/api/v1/agents?status=${'a'.repeat(3_000)}`), 400],
  ['a thousand parameters', get(`/api/v1/agents?${'limit=1&'.repeat(400)}`), 400],
  ['a parameter given twice', get('/api/v1/agents?limit=1&limit=2'), 400],
  ['__proto__ as a parameter', get('/api/v1/agents?__proto__=1'), 400],
  ['__proto__ in percent-encoding', get('/api/v1/agents?%5f_proto__=1'), 400],
  ['constructor as a parameter', get('/api/v1/agents?constructor=1'), 400],
  ['__proto__ as an id', get('/api/v1/agents/__proto__'), 404],
  ['constructor as a name', get('/api/v1/metrics/agents/constructor'), 404],
  ['toString as a conversation', get('/api/v1/conversations/toString'), 404],
  ['HEAD', get('/api/v1/status').replace('GET', 'HEAD'), 200],
  ['OPTIONS', get('/api/v1/status').replace('GET', 'OPTIONS'), 405],
  ['TRACE', get('/api/v1/status').replace('GET', 'TRACE'), 405],
  ['CONNECT', get('/api/v1/status').replace('GET', 'CONNECT'), 405],
  ['PATCH', get('/api/v1/status').replace('GET', 'PATCH'), 405],
  [
    'an upgrade to HTTP/2',
    get('/healthz', `${HOST}Connection: Upgrade${CRLF}Upgrade: h2c${CRLF}`),
    200,
  ],
  ['a request in a request’s body', get('/healthz', `${HOST}${LENGTH}`) + BODY, 200],
  [
    'a whole request in the body of one that is refused',
    `DELETE /api/v1/agents/nobody HTTP/1.1${CRLF}${HOST}Content-Length: ${post(LENGTH, BODY).length}${CRLF}${CRLF}${post(LENGTH, BODY)}`,
    404,
  ],
];

describe('is answered as what it is, and the connection goes on:', () => {
  for (const [name, text, status] of ANSWERED) {
    test(`${name} (${status})`, async () => {
      const raw = await RawHttp.connect(place.server.url);
      const isHead = text.startsWith('HEAD');
      raw.write(text);
      const answered = () => /HTTP\/1\.1 (\d{3})[\s\S]*?\r\n\r\n/.exec(raw.rest) ?? undefined;
      if (isHead) assert.equal(Number((await eventually('a head', answered))?.[1]), status);
      else {
        assert.equal((await raw.takeAnswer()).status, status);
        raw.write(get('/healthz'));
        const next = await raw.takeAnswer();
        assert.match(next.body, /"status":"ok"/);
        assert.equal(raw.rest, '', 'an answer too many');
      }
      raw.close();
    });
  }

  test('Expect: 100-continue gets it, then the answer', async () => {
    const raw = await RawHttp.connect(place.server.url);
    const body = BODY.replace('smuggler', 'patient');
    raw.write(post(`Content-Length: ${body.length}${CRLF}Expect: 100-continue${CRLF}`, ''));
    assert.equal((await raw.takeAnswer()).status, 100);
    raw.write(body);
    assert.equal((await raw.takeAnswer()).status, 200);
    raw.close();
  });

  test('requests that come before one that waits is answered end the connection', async () => {
    const raw = await RawHttp.connect(place.server.url);
    raw.write(get('/api/v1/messages').repeat(1_000));
    await eventually('the connection ends', () => raw.ended);
    raw.close();
  });
});

test('no message of theirs was sent, and what they took is given back', async () => {
  const { total } = await call<{ total: number }>(`${place.base}/messages?sender=smuggler`, 'GET');
  assert.equal(total, 0);
  await place.echoAnswers(5);
  await line.comesBack();
});
