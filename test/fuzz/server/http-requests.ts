import assert from 'node:assert/strict';
import fc from 'fast-check';
import { anyJsonText } from '../envelopes/envelope-texts.js';
import { edited } from '../mutations.js';
import { bytesTarget, Fates, type FuzzTarget } from '../target.js';
import { FuzzedPlace } from './fuzzed-place.js';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'BREW', 'get', ''];
const TARGETS = [
  ...['/', '/readyz', '/metrics', '/openapi.json', '/docs', '/api/v1/agents', '/api/v1/messages'],
  ...['/api/v1/messages?wait=true&timeout_ms=1', '/api/v1/agents/echo', '/api/v1/agents/%00', '//'],
  ...['/api/v1/agents/%zz', '/api/v1/agents/..%2f..%2fetc', '/../../etc/passwd', '*', '?', '#', ''],
  ...['/api/v1/conversations/x?limit=1&limit=2', '/api/v1/agents?cursor=%ff%fe', '/ws', '\u0000'],
  ...[
    'http://elsewhere/readyz',
    '/api/v1/dead-letters?limit=1e400',
    '/a b',
    `/${'x'.repeat(3_000)}`,
  ],
  ...[`/readyz?${'a=b&'.repeat(500)}`, '/api/v1/agents?__proto__=1&constructor=2'],
];
const VERSIONS = ['HTTP/1.1', 'HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'http/1.1', 'HTTP/1.1 ', ''];
const HEADERS = [
  ...[
    'content-type: application/json',
    'content-type: text/plain',
    'content-type:',
    'expect: 100-continue',
  ],
  ...[
    'content-type: multipart/form-data; boundary=b',
    'content-type: multipart/form-data; boundary=',
  ],
  ...[
    'transfer-encoding: chunked',
    'transfer-encoding: gzip, chunked',
    'transfer-encoding: identity',
  ],
  ...[
    'content-length: 0',
    'content-length: 5',
    'content-length: -1',
    'content-length: 99999999999',
  ],
  ...['content-length: 5, 5', 'content-length: 0x5', 'content-length: 18446744073709551616'],
  ...[
    'connection: close',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
  ],
  ...[
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    'authorization: Bearer x',
    'x-caxton-token: x',
  ],
  ...['traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'idempotency-key: a'],
  ...['host: a', 'host:', ': x', 'a', ' folded', 'a : b', 'A\u0000: b', `x: ${'y'.repeat(2_000)}`],
  ...['content-encoding: gzip', 'range: bytes=0-9', 'accept-encoding: *;q=0', 'cookie: a=b'],
  ...Array.from({ length: 3 }, (_, i) => `h${i}: ${i}`),
];
const USUAL = [
  'accept: */*',
  'user-agent: a',
  'content-type: application/json',
  'connection: keep-alive',
];
const CHUNKS = [
  ...['0\r\n\r\n', '5\r\nhello\r\n0\r\n\r\n', '5;a=b\r\nhello\r\n0\r\nx: y\r\n\r\n', '-1\r\n\r\n'],
  ...[
    'ffffffffffffffff\r\n',
    '5\r\nhel',
    'zz\r\n',
    '00000000000000000005\r\nhello\r\n0\r\n\r\n',
    '5\nhello\n0\n\n',
  ],
];
const FORMS = [
  '--b\r\ncontent-disposition: form-data; name="wasm"\r\n\r\nx\r\n--b--\r\n',
  '--b\r\ncontent-disposition: form-data; name="config"\r\n\r\n{}\r\n--b--\r\n',
  '--b\r\n\r\n',
  '--b--',
];

const lineEnd = fc.oneof(
  { weight: 20, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '\r\n\r\n', '') },
);
const body = fc.oneof(
  { weight: 4, arbitrary: anyJsonText },
  {
    weight: 2,
    arbitrary: fc.constantFrom(...CHUNKS, ...FORMS, '').map((text) => Buffer.from(text)),
  },
);

/** The length that a body has, most often; anything else now and then. */
const requests = fc
  .record({
    method: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom('GET', 'POST') },
      { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
    ),
    target: fc.oneof(fc.constantFrom(...TARGETS.slice(0, 9)), fc.constantFrom(...TARGETS)),
    version: fc.oneof(
      { weight: 12, arbitrary: fc.constant('HTTP/1.1') },
      { weight: 1, arbitrary: fc.constantFrom(...VERSIONS) },
    ),
    headers: fc.oneof(
      fc.array(fc.constantFrom(...USUAL), { maxLength: 3 }),
      fc.array(fc.constantFrom(...HEADERS), { maxLength: 3 }),
    ),
    ends: lineEnd,
    body: fc.option(body, { nil: undefined }),
    tellsLength: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
  })
  .map(({ method, target, version, headers, ends, body, tellsLength }) => {
    const all = ['host: localhost', ...headers];
    if (body !== undefined && tellsLength) {
      all.push('content-type: application/json', `content-length: ${body.length}`);
    }
    const head = [`${method} ${target} ${version}`, ...all, ''].join(ends) + ends;
    return Buffer.concat([Buffer.from(head, 'latin1'), body ?? Buffer.alloc(0)]);
  });

const connections = fc
  .array(requests, { minLength: 1, maxLength: 3 })
  .map((all) => Buffer.concat(all));

/**
 * Bytes on a connection of HTTP: answers that HTTP allows, none of which says that the server
 * failed, then the connection ends; others are served on.
 */
export async function httpRequests(): Promise<FuzzTarget> {
  const place = await FuzzedPlace.start();
  const port = Number(new URL(place.server.url).port);
  const fates = new Fates();
  const words = [...HEADERS, ...CHUNKS, '\r\n', '\r\n\r\n', '\u0000', ' '];
  const cases = fc.oneof(
    { weight: 2, arbitrary: connections },
    { weight: 1, arbitrary: edited(connections, { words, maxEdits: 2 }) },
  );
  const check = async (bytes: Uint8Array): Promise<void> => {
    const answers = answersIn(await place.exchange(port, bytes));
    fates.add(answers.length === 0 ? 'closed' : answers.join(', '));
    await place.look();
  };
  return bytesTarget(cases, check, {
    details: () => fates.lines.slice(0, 20),
    finish: () => place.look(true),
    close: () => place.close(),
  }) as FuzzTarget;
}

const HEAD = /^HTTP\/1\.1 (\d{3}) [^\r\n]*\r\n((?:[!#$%&'*+.^`|~\w-]+: ?[^\r\n]*\r\n)*)\r\n/;
/** The server is busy or took too long, which it may. */
const EXCUSED = [503, 504];

/** The statuses of all answers. @throws when something else stands between them */
function answersIn(bytes: Buffer): number[] {
  const statuses: number[] = [];
  let rest = bytes.toString('latin1');
  while (rest !== '') {
    // A client that ended its side gets no more than what was written until then.
    if (/^HTTP\/1\.1 \d{3} /.test(rest) && !rest.includes('\r\n\r\n')) break;
    const match = HEAD.exec(rest);
    assert.ok(match, `no answer of HTTP: ${JSON.stringify(rest.slice(0, 200))}`);
    const status = Number(match[1]);
    assert.ok(status >= 100 && status < 600);
    assert.ok(status < 500 || EXCUSED.includes(status), rest.slice(0, 1_000));
    statuses.push(status);
    rest = rest.slice(match[0].length);
    // Behind an upgrade the connection is another's.
    if (status === 101) break;
    const length = Number(/content-length: ?(\d+)/i.exec(match[2]!)?.[1] ?? Number.NaN);
    // The answer to HEAD says a length and has none of it; one without ends with the connection.
    const next = rest.slice(0, Number.isNaN(length) ? undefined : length);
    if (!next.startsWith('HTTP/1.1 ')) rest = rest.slice(next.length);
  }
  return statuses;
}
