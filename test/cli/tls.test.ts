import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type { BenchResult } from '../../src/cli/bench/result.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { CertificateAuthority } from '../support/certificates.js';
import { runCli, ServeProcess } from './cli-process.js';

const folder = mkdtempSync(join(tmpdir(), 'caxton-cli-tls-'));
const authority = new CertificateAuthority('the authority');
const own = authority.issue('server');

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const ca = file('ca.pem', authority.cert);
const config = file(
  'caxton.yaml',
  `tls:\n  cert_file: ${file('server.pem', own.cert)}\n  key_file: ${file('server.key', own.key)}\n`,
);

let server: ServeProcess;
before(async () => {
  server = await ServeProcess.start(['--config', config]);
});
after(async () => {
  await server?.close();
  rmSync(folder, { recursive: true });
});

test('the line of a server with TLS says so', () => {
  assert.match(server.url, /^https:/);
  assert.match(server.process.stdout, /WebSocket wss:/);
});

test('a server is trusted by --ca, by CAXTON_CA, or as Node.js is told to', async () => {
  const status = ['server', 'status'];
  assert.equal((await server.run(['--ca', ca, ...status])).code, EXIT.ok);
  for (const variable of ['CAXTON_CA', 'NODE_EXTRA_CA_CERTS']) {
    assert.equal((await server.run(status, { env: { [variable]: ca } })).code, EXIT.ok, variable);
  }
});

test('a stream is opened over TLS too', async () => {
  const stream = server.spawn(['--ca', ca, 'message', 'stream']);
  await stream.says('subscribed as sub_');
  assert.equal((await stream.signal('SIGINT')).code, EXIT.ok);
});

test('a load goes over TLS, whatever it goes over', async () => {
  const load = ['bench', '--count', '20', '--warmup', '0', '--quiet', '--ca', ca];
  const grpc = ['--grpc', server.grpcAddress, '--transport'];
  for (const transport of [
    ['--transport', 'rest'],
    ['--transport', 'ws'],
    ['--transport', 'ws', '--no-wait'],
    [...grpc, 'grpc'],
    [...grpc, 'grpc-stream'],
  ]) {
    const { messages } = await server.json<BenchResult>([...load, ...transport]);
    assert.equal(messages.answered, 20, transport.join(' '));
  }
});

test('a certificate that is not trusted is explained', async () => {
  const result = await server.run(['server', 'status']);
  assert.equal(result.code, EXIT.unreachable);
  assert.match(result.stderr, /certificate that is not trusted.*--ca FILE or CAXTON_CA/);
});

test('a file of authorities that can not be used is wrong usage', async () => {
  for (const path of [join(folder, 'missing.pem'), config]) {
    const result = await server.run(['--ca', path, 'server', 'status']);
    assert.equal(result.code, EXIT.usage);
    assert.match(result.stderr, /--ca: .*(can't be used|has no certificate in PEM)/);
  }
});

test('a server whose files can not be used does not start', async () => {
  const missing = join(folder, 'gone.pem');
  const broken = file('broken.yaml', `tls: {cert_file: ${missing}, key_file: ${missing}}\n`);
  const ports = ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0'];
  const data = ['--data', join(folder, 'data')];
  const result = await runCli(['serve', ...ports, ...data, '--config', broken]);
  assert.equal(result.code, EXIT.usage);
  assert.match(result.stderr, /tls\.cert_file: .*gone\.pem can't be used/);
});
