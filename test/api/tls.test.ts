import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connect, type SecureVersion } from 'node:tls';
import { credentials, status } from '@grpc/grpc-js';
import { WebSocket } from 'ws';
import { CertificateAuthority } from '../support/certificates.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { WsClient } from '../support/ws-client.js';
import { GrpcTestClient } from '../transport/grpc/client.js';

const folder = mkdtempSync(join(tmpdir(), 'caxton-tls-'));
const authority = new CertificateAuthority('the authority');
const stranger = new CertificateAuthority('a stranger');
const own = authority.issue('server');
const ofClient = authority.issue('client');
const ofStranger = stranger.issue('stranger');

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const files = {
  cert_file: file('server.pem', own.cert),
  key_file: file('server.key', own.key),
};
const caFile = file('ca.pem', authority.cert);

let server: TestServer;
before(async () => {
  server = await startTestServer({ tls: files });
});
after(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

function get(port: number, ca: string, host = '127.0.0.1'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const path = '/api/v1/status';
    const sent = httpsRequest({ host, port, path, ca, agent: false }, (response) => {
      response.resume();
      response.on('end', () => resolve(response.statusCode));
    });
    sent.on('error', reject);
    sent.end();
  });
}

/** Not the address: as a name for TLS an address is deprecated. */
const NAMED = { 'grpc.ssl_target_name_override': 'localhost' };

async function overGrpc(
  address: string,
  channel: ReturnType<typeof credentials.createSsl>,
): Promise<number> {
  const client = new GrpcTestClient(address, {}, NAMED, channel);
  try {
    await client.call('MetricsService/GetStatus', {}, { deadlineMs: 10_000 });
    return status.OK;
  } catch (error) {
    return (error as { code: number }).code;
  } finally {
    client.close();
  }
}

test('REST is served over TLS to those who trust the certificate', async () => {
  assert.equal(await get(server.server.httpPort, authority.cert), 200);
  assert.equal(await get(server.server.httpPort, authority.cert, 'localhost'), 200);
  await assert.rejects(get(server.server.httpPort, stranger.cert));
});

test('REST without TLS is not served any more', async () => {
  await assert.rejects(fetch(`${server.url}/healthz`));
});

test('WebSocket is served over TLS', async () => {
  const socket = new WebSocket(server.wsUrl.replace('ws:', 'wss:'), { ca: authority.cert });
  const client = new WsClient(socket);
  await new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
  });
  assert.equal((await client.ask({ type: 'ping', id: 1 })).type, 'pong');
  await client.close();
});

test('gRPC is served over TLS to those who trust the certificate', async () => {
  const trust = (ca: string) => credentials.createSsl(Buffer.from(ca));
  assert.equal(await overGrpc(server.grpcAddress, trust(authority.cert)), status.OK);
  assert.equal(await overGrpc(server.grpcAddress, trust(stranger.cert)), status.UNAVAILABLE);
  const plain = credentials.createInsecure();
  assert.notEqual(await overGrpc(server.grpcAddress, plain), status.OK);
});

/** The version that was agreed on, or the failure. SECLEVEL=0, or the client itself would refuse. */
function agreed(port: number, version: SecureVersion): Promise<string | null> {
  return new Promise((resolve, reject) => {
    const ciphers = 'DEFAULT:@SECLEVEL=0';
    const versions = { minVersion: version, maxVersion: version };
    const options = { host: '127.0.0.1', port, ca: authority.cert, ciphers, ALPNProtocols: ['h2'] };
    const socket = connect({ ...options, ...versions }, () => {
      resolve(socket.getProtocol());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('TLS older than 1.2 is refused by every API', async () => {
  for (const port of [server.server.httpPort, server.server.grpcPort]) {
    for (const version of ['TLSv1', 'TLSv1.1'] as const) {
      await assert.rejects(
        agreed(port, version),
        /alert|version|protocol/i,
        `${version} on ${port}`,
      );
    }
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      assert.equal(await agreed(port, version), version);
    }
  }
});

test('with ca_file gRPC takes only clients that show a certificate of it', async () => {
  const strict = await startTestServer({ tls: { ...files, ca_file: caFile } });
  try {
    const showing = (pair?: { cert: string; key: string }) =>
      credentials.createSsl(
        Buffer.from(authority.cert),
        pair && Buffer.from(pair.key),
        pair && Buffer.from(pair.cert),
      );
    assert.equal(await overGrpc(strict.grpcAddress, showing(ofClient)), status.OK);
    assert.notEqual(await overGrpc(strict.grpcAddress, showing()), status.OK);
    assert.notEqual(await overGrpc(strict.grpcAddress, showing(ofStranger)), status.OK);
  } finally {
    await strict.close();
  }
});
