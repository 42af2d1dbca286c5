import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import { guest, sampleAgent } from '../../support/guests.js';
import { RawHttp } from '../../support/raw-http.js';
import { deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
  for (const [name, module] of [
    ['echo', sampleAgent('echo')],
    ['timer', await guest('timer-agent')],
  ] as const) {
    const form = deployForm(module, { name });
    assert.equal((await request(`${server.url}/api/v1/agents`, 'POST', form)).status, 201);
  }
});
after(() => server?.close());

const BODY = JSON.stringify({ performative: 'inform', receiver: 'echo', content: 'ü' });

function post(body: string, extra = '', path = '/api/v1/messages'): string {
  const length = Buffer.byteLength(body);
  return (
    `POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n` +
    `content-length: ${length}\r\n${extra}\r\n${body}`
  );
}

async function withRaw(act: (raw: RawHttp) => Promise<void>): Promise<void> {
  const raw = await RawHttp.connect(server.url);
  try {
    await act(raw);
  } finally {
    raw.close();
  }
}

const assertAlive = async (): Promise<void> => {
  const wait = `${server.url}/api/v1/messages?wait=true`;
  const answer = await request(wait, 'POST', { performative: 'request', receiver: 'echo' });
  assert.equal(answer.status, 200);
};

test('pipelined requests are answered each, in their order', () =>
  withRaw(async (raw) => {
    const get = 'GET /api/v1/agents/echo HTTP/1.1\r\nhost: localhost\r\n\r\n';
    raw.write(`${post(BODY)}${get}${post('{')}${post(BODY)}`);
    assert.equal((await raw.takeAnswer()).status, 200);
    assert.match((await raw.takeAnswer()).body, /"name":"echo"/);
    assert.equal((await raw.takeAnswer()).status, 400);
    assert.match((await raw.takeAnswer()).body, /"delivered"/);
  }));

test('a body that comes byte by byte is put together', () =>
  withRaw(async (raw) => {
    const bytes = Buffer.from(post(BODY));
    const bodyStart = bytes.length - Buffer.byteLength(BODY);
    raw.write(bytes.subarray(0, bodyStart));
    for (let i = bodyStart; i < bytes.length; i++) {
      raw.write(bytes.subarray(i, i + 1));
      await sleep(1);
    }
    assert.equal((await raw.takeAnswer()).status, 200);
  }));

test('a chunked body is put together', () =>
  withRaw(async (raw) => {
    raw.write(
      'POST /api/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        'transfer-encoding: chunked\r\n\r\n',
    );
    const bytes = Buffer.from(BODY);
    for (const part of [bytes.subarray(0, 20), bytes.subarray(20)]) {
      raw.write(`${part.length.toString(16)}\r\n`);
      raw.write(part);
      raw.write('\r\n');
      await sleep(1);
    }
    raw.write('0\r\n\r\n');
    assert.equal((await raw.takeAnswer()).status, 200);
  }));

test('a request that is cut off costs nothing but its connection', async () => {
  await withRaw(async (raw) => {
    raw.write(post(BODY).slice(0, -5));
    await sleep(20);
  });
  await withRaw(async (raw) => {
    raw.write('POST /api/v1/mess');
    await sleep(20);
  });
  await assertAlive();
});

test('what is no HTTP ends the connection, and the server goes on', async () => {
  await withRaw(async (raw) => {
    raw.write('\u0000\u0001 nonsense\r\n\r\n');
    await eventually('the server hangs up', () => raw.ended);
  });
  await assertAlive();
});

test('an oversize body is refused, and the connection goes on', () =>
  withRaw(async (raw) => {
    raw.write(post('x'.repeat(LIMITS.request_body_bytes + 1)));
    const answer = await raw.takeAnswer();
    assert.equal(answer.status, 400);
    assert.match(answer.body, new RegExp(String(LIMITS.request_body_bytes)));
    raw.write(post(BODY));
    assert.equal((await raw.takeAnswer()).status, 200);
  }));

test('a body beyond twice the bound is refused and the connection ended', () =>
  withRaw(async (raw) => {
    raw.write(
      'POST /api/v1/messages HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n' +
        `content-length: ${LIMITS.request_body_bytes * 4}\r\n\r\n`,
    );
    const piece = Buffer.alloc(1 << 20, 'x');
    for (let sent = 0; sent <= LIMITS.request_body_bytes * 2; sent += piece.length) {
      raw.write(piece);
    }
    const answer = await raw.takeAnswer();
    assert.equal(answer.status, 400);
    assert.match(answer.head, /connection: close/i);
    await eventually('the server hangs up', () => raw.ended);
    await assertAlive();
  }));

test('a client that is gone while it waits is not answered, and the message is', async () => {
  const conversation_id = 'conv_gone';
  const body = JSON.stringify({ performative: 'request', receiver: 'timer', conversation_id });
  await withRaw(async (raw) => {
    raw.write(post(body, '', '/api/v1/messages?wait=true'));
    await eventually('the message is accepted', async () => {
      const query = `conversation_id=${conversation_id}`;
      const page = await request(`${server.url}/api/v1/messages?${query}`, 'GET');
      return (page.body as { total: number }).total >= 1;
    });
  });
  await eventually('the late answer is in the history', async () => {
    const query = `conversation_id=${conversation_id}`;
    const page = await request(`${server.url}/api/v1/messages?${query}`, 'GET');
    return (page.body as { total: number }).total === 2;
  });
  await assertAlive();
});

test('an error is answered before the body has come, and the connection goes on', () =>
  withRaw(async (raw) => {
    const bytes = post(BODY, `idempotency-key: ${'k'.repeat(300)}\r\n`);
    raw.write(bytes.slice(0, -10));
    assert.equal((await raw.takeAnswer()).status, 400);
    raw.write(bytes.slice(-10));
    raw.write(post(BODY));
    assert.equal((await raw.takeAnswer()).status, 200);
  }));
