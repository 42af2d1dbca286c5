import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { CaxtonClient, CaxtonError, type WebSocketLike } from '@caxton/sdk';
import { WebSocket } from 'ws';
import { packageRoot } from '../../scripts/package-root.js';
import { CertificateAuthority } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { startTestServer, type TestServer } from '../support/server.js';

const folder = mkdtempSync(join(tmpdir(), 'caxton-connecting-'));
let server: TestServer;

before(async () => {
  server = await startTestServer();
});
after(async () => {
  await server?.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a proxy that closes at once is asked again and again, and told of as one loss', async () => {
  let connections = 0;
  let isOpen = false;
  const { port } = new URL(server.url);
  const proxy = createServer((socket) => {
    connections += 1;
    socket.on('error', () => {});
    if (!isOpen) {
      socket.destroy();
      return;
    }
    const upstream = connect(Number(port), '127.0.0.1').on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
    socket.pipe(upstream).pipe(socket);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const client = new CaxtonClient({ endpoint });
  const told: string[] = [];
  client.on('disconnected', (error) => told.push(error.code));
  client.on('connected', () => told.push('connected'));
  const { ready } = client.on('agent.*', () => {});
  await eventually('it is asked several times', () => connections >= 4);
  assert.deepEqual(told, ['UNREACHABLE']);
  isOpen = true;
  await ready;
  assert.deepEqual(told, ['UNREACHABLE', 'connected']);
  client.close();
  proxy.close();
});

test('a certificate that is not trusted is told at once, with what to do', async () => {
  const authority = new CertificateAuthority('the authority');
  const issued = authority.issue('server');
  const files = { cert_file: join(folder, 'cert.pem'), key_file: join(folder, 'key.pem') };
  writeFileSync(files.cert_file, issued.cert);
  writeFileSync(files.key_file, issued.key);
  const safe = await startTestServer({ tls: files });
  const endpoint = safe.url.replace('http:', 'https:');
  const client = new CaxtonClient({ endpoint });
  const { cert: ca } = authority;
  const trusting = new CaxtonClient({
    endpoint,
    webSocket: (url, headers) => new WebSocket(url, { headers, ca }) as unknown as WebSocketLike,
  });
  const isTold = (error: unknown): boolean =>
    CaxtonError.is(error, 'UNREACHABLE') &&
    error.details.reason === 'certificate' &&
    /NODE_EXTRA_CA_CERTS/.test(error.message);
  try {
    const errors: CaxtonError[] = [];
    client.on('error', (error) => errors.push(error));
    await assert.rejects(client.on('agent.*', () => {}).ready, isTold);
    assert.equal(errors.length, 1);
    await assert.rejects(client.systemStatus(), isTold);
    await assert.rejects(client.fast().send({ performative: 'inform', receiver: 'echo' }), isTold);
    await trusting.on('agent.*', () => {}).ready;
  } finally {
    client.close();
    trusting.close();
    await safe.close();
  }
});

test('a subscription that does not come about ends with its time or its signal', async () => {
  const nowhere = new CaxtonClient({ endpoint: 'http://127.0.0.1:9' });
  await assert.rejects(nowhere.on('*', () => {}, { timeoutMs: 20 }).ready, (error) =>
    CaxtonError.is(error, 'TIMEOUT'),
  );
  const reason = new Error('not wanted any more');
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = [
    nowhere.on('*', () => {}, { signal }),
    nowhere.onMessage({}, () => {}, { signal }),
    nowhere.subscribe({ events: ['*'] }, () => {}, { signal }),
  ];
  controller.abort(reason);
  for (const { ready } of waiting) await assert.rejects(ready, reason);
  await assert.rejects(nowhere.on('*', () => {}, { signal }).ready, reason);
});

test('a signal ends a subscription, and its time no longer runs once it is there', async () => {
  const client = new CaxtonClient({ endpoint: server.url });
  const controller = new AbortController();
  const got: string[] = [];
  const limits = { signal: controller.signal, timeoutMs: 10_000 };
  const first = client.onMessage({ client_id: 'ended' }, () => got.push('first'), limits);
  const second = client.onMessage({ client_id: 'ended' }, () => got.push('second'));
  await Promise.all([first.ready, second.ready]);
  controller.abort();
  await client.sendMessage({ performative: 'inform', receiver: 'ended' });
  await eventually('the message comes', () => got.includes('second'));
  assert.deepEqual(got, ['second']);
  client.close();
});

test('a Node.js without WebSocket says what to install', {
  skip: 'WebSocket' in globalThis,
}, () => {
  const modules = join(packageRoot(import.meta.url), 'node_modules');
  const sdk = join(folder, 'node_modules/@caxton/sdk');
  cpSync(join(packageRoot(import.meta.url), 'sdk/typescript'), sdk, { recursive: true });
  cpSync(join(modules, '@msgpack'), join(folder, 'node_modules/@msgpack'), { recursive: true });
  const script = join(folder, 'no-ws.mjs');
  writeFileSync(
    script,
    `import { CaxtonClient } from '@caxton/sdk';
    const client = new CaxtonClient({ endpoint: '${server.url}' });
    client.on('disconnected', () => console.log('disconnected'));
    client.on('error', () => {});
    await client.on('*', () => {}).ready.catch((error) => console.log(error.code, error.message));`,
  );
  const { stdout, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' });
  assert.match(stdout, /^NO_WEBSOCKET .*npm install ws.*\n$/, stderr);
});
