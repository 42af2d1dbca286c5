import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { allOperations } from '../../../src/api/operations.js';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import { sampleAgent } from '../../support/guests.js';
import { RawHttp } from '../../support/raw-http.js';
import { call, type RestAnswer, request } from '../../support/rest-client.js';
import { type Answered, Neighbourhood } from '../neighbourhood.js';
import { BaseLine } from './base-line.js';

/* Bodies that are made to cost more than they are worth, or to mean something else than they say. */

let place: Neighbourhood;
let line: BaseLine;
let namesBefore: readonly string[];
before(async () => {
  place = await Neighbourhood.start();
  line = await BaseLine.of(place.server);
  namesBefore = await agentNames();
});
after(() => place?.close());

async function agentNames(): Promise<string[]> {
  const { agents } = await call<{ agents: Array<{ name: string }> }>(`${place.base}/agents`, 'GET');
  return agents.map(({ name }) => name);
}

const JSON_TYPE = { 'content-type': 'application/json' };
const MEGABYTE = 1 << 20;
const nested = (open: string, close: string, depth: number): string =>
  `${open.repeat(depth)}1${close.repeat(depth)}`;
const message = (rest: string): string =>
  `{"performative":"request","sender":"bodies","receiver":"echo",${rest}}`;

function refused({ status, body, text }: RestAnswer, pattern: RegExp): void {
  assert.equal(status, 400, text);
  const { error } = body as { error: { code: string; message: string } };
  assert.equal(error.code, 'INVALID_REQUEST');
  assert.match(error.message, pattern);
  assert.ok(text.length < 4_096, `an answer of ${text.length} characters`);
}

const JSON_BOMBS: Readonly<Record<string, readonly [string, RegExp]>> = {
  'eight million open brackets': ['['.repeat(8 * MEGABYTE), /nested deeper than 1024 levels/],
  'a million levels of objects': [nested('{"a":', '}', MEGABYTE), /nested deeper than 1024 levels/],
  'content deeper than its bound': [
    message(`"content":${nested('[', ']', LIMITS.content_depth + 1)}`),
    /content is nested deeper than 128 levels/,
  ],
  'content of a million levels': [
    message(`"content":${nested('{"a":', '}', MEGABYTE)}`),
    /nested deeper than 1024/,
  ],
  'content above its bound': [
    message(`"content":"${'x'.repeat(LIMITS.content_bytes + 1)}"`),
    /content.*1048576/,
  ],
  'a million fields': [
    `{${Array.from({ length: MEGABYTE }, (_, i) => `"f${i}":1`).join(',')}}`,
    /holds more fields and entries/,
  ],
  'a name of fifteen megabytes': [`{"${'n'.repeat(15 * MEGABYTE)}":1}`, /./],
  'a number of a million digits': [message(`"priority":${'9'.repeat(MEGABYTE)}`), /priority/],
  'five million objects': [
    message(`"content":[${'{},'.repeat(5 * MEGABYTE)}1]`),
    /holds more fields/,
  ],
  'seven million numbers': [
    message(`"content":[${'1,'.repeat(7 * MEGABYTE)}1]`),
    /holds more fields/,
  ],
  'a message that is an array': [`[${message('"content":1')}]`, /must be a JSON object/],
  'a message that is a text': [JSON.stringify(message('"content":1')), /must be a JSON object/],
  'a NUL behind the end': [`${message('"content":1')}\0`, /not valid JSON/],
  'two bodies': [message('"content":1').repeat(2), /not valid JSON/],
  'bytes that are no UTF-8 in a name': ['{"\xff\xfe":1}', /./],
};

describe('JSON is refused with a short reason:', () => {
  for (const [name, [body, pattern]] of Object.entries(JSON_BOMBS)) {
    test(name, async () => {
      const bytes = name.startsWith('bytes') ? Buffer.from(body, 'latin1') : body;
      refused(await request(`${place.base}/messages`, 'POST', bytes, JSON_TYPE), pattern);
    });
  }
});

const PROTOTYPE_KEYS = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString'];

describe('keys of prototypes in the body of', () => {
  for (const { name, rest } of allOperations()) {
    if (rest.method !== 'POST' && rest.method !== 'PUT') continue;
    test(`${name} are unknown fields like any other`, async () => {
      const path = rest.path.replace(/\{\w+\}/g, 'echo');
      for (const key of PROTOTYPE_KEYS) {
        const body = `{"${key}":{"polluted":true,"role":"admin"}}`;
        const answer = await request(`${place.server.url}${path}`, rest.method, body, JSON_TYPE);
        refused(answer, new RegExp(`${key} is not|missing`));
      }
      assert.equal(({} as { polluted?: boolean }).polluted, undefined);
    });
  }
});

test('keys of prototypes in content are content, and come back as they went', async () => {
  const content = '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}';
  const url = `${place.base}/messages?wait=true`;
  const { text } = await request(url, 'POST', message(`"content":${content}`), JSON_TYPE);
  assert.ok(text.includes(`"content":${content}`), text);
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
});

test('of a field that is given twice the last counts, whichever way the message is read', async () => {
  for (const extra of ['', ',"options":{"persist":false}', ',"content":{"a":1,"a":2}']) {
    const twice = `{"receiver":"nobody","performative":"request","sender":"x","receiver":"echo"${extra}}`;
    const url = `${place.base}/messages?wait=true`;
    const { reply } = await call<Answered>(url, 'POST', twice, JSON_TYPE);
    assert.equal(reply.performative, 'inform');
    const other = twice
      .replace('"nobody"', '"echo"')
      .replace('x","receiver":"echo"', 'x","receiver":"nobody"');
    assert.equal((await request(url, 'POST', other, JSON_TYPE)).status, 404);
  }
});

test('a compressed body is refused by what it is', async () => {
  const bomb = gzipSync(Buffer.alloc(64 * MEGABYTE));
  for (const bytes of [gzipSync(message('"content":1')), bomb]) {
    for (const path of ['messages', 'agents', 'tasks']) {
      const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
      const answer = await request(`${place.base}/${path}`, 'POST', new Uint8Array(bytes), headers);
      refused(answer, /compressed; send it as it is, without content-encoding/);
    }
  }
});

const BOUNDARY = 'the-boundary';
const part = (name: string, data = 'x'): string =>
  `--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${data}\r\n`;
const END = `--${BOUNDARY}--\r\n`;
const config = part('config', '{"name":"from-a-form"}');

const FORMS: Readonly<Record<string, string>> = {
  'ten thousand parts': part('wasm').repeat(10_000) + END,
  'ten thousand names': Array.from({ length: 10_000 }, (_, i) => part(`p${i}`)).join('') + END,
  'the same file twice': part('wasm') + part('wasm') + config + END,
  'no end': part('wasm') + config,
  'nothing but an end': END,
  'nothing but boundaries': `--${BOUNDARY}\r\n`.repeat(200_000),
  'nothing but halves of boundaries': `--${BOUNDARY.slice(0, -1)}`.repeat(500_000),
  'a boundary in a boundary': `--${`--${BOUNDARY}`.repeat(100_000)}`,
  'a name of a megabyte': part('n'.repeat(MEGABYTE)) + END,
  'a name with a NUL': part('wasm\0') + config + END,
  'a name that is a path': part('../../wasm') + config + END,
  'a name that is nested': part('config[name][__proto__]') + END,
  '__proto__ for a name': part('__proto__', '{"polluted":true}') + part('wasm') + END,
  'a part without a name': `--${BOUNDARY}\r\n\r\nx\r\n${END}`,
  'a part with a thousand headers':
    part('wasm').replace('\r\n\r\n', `${'\r\nX: y'.repeat(1_000)}\r\n\r\n`) + END,
  'another form within': part('wasm') + part('config', part('config') + END) + END,
  'a config of brackets': part('wasm') + part('config', '['.repeat(MEGABYTE)) + END,
  'a config with prototype keys': part('wasm') + part('config', '{"__proto__":{"name":"x"}}') + END,
};

describe('a form is refused:', () => {
  const type = { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` };
  for (const [name, body] of Object.entries(FORMS)) {
    test(name, async () => {
      refused(await request(`${place.base}/agents`, 'POST', body, type), /./);
    });
  }

  test('whatever its boundary is said to be', async () => {
    for (const boundary of ['', '""', 'x'.repeat(3_000), 'a\u00ffb', `"${BOUNDARY}`]) {
      const wrong = { 'content-type': `multipart/form-data; boundary=${boundary}` };
      const body = part('wasm') + config + END;
      refused(await request(`${place.base}/agents`, 'POST', body, wrong), /./);
    }
  });

  test('and none of them has deployed anything', async () => {
    assert.deepEqual(await agentNames(), namesBefore);
  });
});

test('of bodies that never end only so much is kept, and the others are told to come again', async () => {
  const head =
    'POST /api/v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
    `Content-Length: ${LIMITS.request_body_bytes}\r\n\r\n`;
  const most = Math.floor(LIMITS.held_request_bytes_per_caller / LIMITS.request_body_bytes);
  const clients = await Promise.all(
    Array.from({ length: most + 4 }, () => RawHttp.connect(place.server.url)),
  );
  const almostAll = Buffer.alloc(LIMITS.request_body_bytes - 1, 0x20);
  for (const client of clients) {
    client.write(head);
    client.write(almostAll);
  }
  const told = await eventually('some are refused', () => {
    const some = clients.filter(({ rest }) => rest !== '');
    return some.length >= 4 && some;
  });
  for (const client of told) {
    const { status, body, head } = await client.takeAnswer();
    assert.equal(status, 429);
    assert.match(body, /RESOURCE_LIMIT_EXCEEDED.*Too many bodies are being received at once/);
    assert.match(head, /retry-after: 1/i);
  }
  await place.echoAnswers(5);
  for (const client of clients) client.close();
  const large = message(`"content":"${'x'.repeat(MEGABYTE / 2)}"`);
  await eventually('there is room again', async () => {
    return (await request(`${place.base}/messages`, 'POST', large, JSON_TYPE)).status === 200;
  });
});

/** Cut off behind each of its bytes, one half by a reset and the other by the end of one side. */
async function cutEverywhere(whole: Buffer): Promise<void> {
  const CONCURRENT = 64;
  for (let from = 1; from < whole.length; from += CONCURRENT) {
    const cuts = Array.from(
      { length: Math.min(CONCURRENT, whole.length - from) },
      (_, i) => from + i,
    );
    const clients = await Promise.all(cuts.map(() => RawHttp.connect(place.server.url)));
    await Promise.all(
      clients.map(async ({ socket }, i) => {
        await new Promise((done) => socket.write(whole.subarray(0, cuts[i]), done));
        if (i % 2 === 0) socket.resetAndDestroy();
        else socket.end();
      }),
    );
    await eventually('they are gone', () =>
      clients.every(({ ended, socket }) => ended || socket.destroyed),
    );
    for (const client of clients) client.close();
  }
}

test('a send and a deploy that are cut off behind any of their bytes do nothing', async () => {
  const send = message('"content":{"cut":true}').replace('bodies', 'cut');
  const head = (path: string, type: string, length: number): Buffer =>
    Buffer.from(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: ${type}\r\nContent-Length: ${length}\r\n\r\n`,
    );
  await cutEverywhere(
    Buffer.concat([head('/api/v1/messages', 'application/json', send.length), Buffer.from(send)]),
  );
  const form = Buffer.concat([
    Buffer.from(config),
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="wasm"\r\n\r\n`),
    sampleAgent('echo'),
    Buffer.from(`\r\n${END}`),
  ]);
  const type = `multipart/form-data; boundary=${BOUNDARY}`;
  const deploy = Buffer.concat([head('/api/v1/agents', type, form.length), form]);
  await cutEverywhere(deploy);
  const sent = await call<{ total: number }>(`${place.base}/messages?sender=cut`, 'GET');
  assert.equal(sent.total, 0);
  assert.deepEqual(await agentNames(), namesBefore);
  // It was the cut alone that kept it from being done.
  const raw = await RawHttp.connect(place.server.url);
  raw.write(deploy);
  assert.equal((await raw.takeAnswer()).status, 201);
  raw.close();
});

test('what they took is given back', async () => {
  await place.echoAnswers(5);
  await line.comesBack();
});
