import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { PartialMessages } from '../../../src/transport/grpc/partial-messages.js';
import { eventually } from '../../support/eventually.js';

const ENHANCE_YOUR_CALM = 11;
const KIB = 1024;

let server: Http2Server;
let many: boolean;
let partial: PartialMessages;
let client: ReturnType<typeof connect>;

beforeEach(async () => {
  many = false;
  partial = new PartialMessages({
    totalBytes: 256 * KIB,
    perConnectionBytes: 128 * KIB,
    messageMs: 600_000,
  });
  server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    partial.watch(stream, many);
    stream.on('error', () => {});
    stream.on('end', () => stream.end());
    stream.respond();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
afterEach(() => {
  client.destroy();
  server.close();
});

function open() {
  const stream = client.request({ ':method': 'POST' });
  stream.on('error', () => {});
  stream.resume();
  return stream;
}

function message(bytes: number, sent = bytes): Buffer {
  const buffer = Buffer.alloc(5 + sent);
  buffer.writeUInt32BE(bytes, 1);
  return buffer;
}

const holds = (bytes: number) =>
  eventually(`${bytes} bytes are held`, () => partial.totalBytes === bytes);

test('what came of a message is held until its call ends', async () => {
  const stream = open();
  stream.write(message(100 * KIB, 50 * KIB));
  await holds(50 * KIB + 5);
  stream.end(Buffer.alloc(50 * KIB));
  await holds(0);
});

test('where many messages come, a whole one is held no longer', async () => {
  many = true;
  const stream = open();
  stream.write(message(100 * KIB, 50 * KIB));
  await holds(50 * KIB + 5);
  stream.write(Buffer.concat([Buffer.alloc(50 * KIB), message(10 * KIB, 2 * KIB)]));
  await holds(2 * KIB + 5);
  // A prefix in two pieces.
  stream.write(Buffer.concat([Buffer.alloc(8 * KIB), Buffer.alloc(3)]));
  await holds(3);
  stream.write(Buffer.alloc(2));
  await holds(0);
  stream.close();
});

test('a call past the share of its connection is ended, and the others go on', async () => {
  const first = open();
  first.write(message(KIB * KIB, 100 * KIB));
  await holds(100 * KIB + 5);
  const second = open();
  second.write(message(KIB * KIB, 60 * KIB));
  await eventually('it is ended', () => second.rstCode === ENHANCE_YOUR_CALM);
  await holds(100 * KIB + 5);
  assert.equal(first.closed, false);
  first.close();
  await holds(0);
});

test('a message that takes too long ends its call', async () => {
  partial = new PartialMessages({ totalBytes: KIB, perConnectionBytes: KIB, messageMs: 20 });
  const stream = open();
  stream.write(message(100, 1));
  await eventually('it is ended', () => stream.rstCode === ENHANCE_YOUR_CALM);
  await holds(0);
});
