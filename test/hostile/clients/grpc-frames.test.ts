import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../../support/eventually.js';
import { FLAG, FRAME, h2Field, h2Frame, hpackText, RawHttp2 } from '../../support/raw-http2.js';
import { GrpcTestClient } from '../../transport/grpc/client.js';
import { Neighbourhood } from '../neighbourhood.js';
import { BaseLine } from './base-line.js';

/* Frames of HTTP/2 that no honest client sends (RFC 9113), and floods of those that it may. */

let place: Neighbourhood;
let line: BaseLine;
before(async () => {
  place = await Neighbourhood.start();
  await honestCall();
  line = await BaseLine.of(place.server);
});
after(() => place?.close());

async function honestCall(): Promise<void> {
  const client = new GrpcTestClient(place.server.grpcAddress);
  try {
    await client.call('MetricsService/GetStatus');
  } finally {
    client.close();
  }
}

const bytes = (...values: number[]) => Buffer.from(values);
const word = (value: number) => {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
};
const BLOCK = Buffer.concat([
  h2Field(':method', 'POST'),
  h2Field(':scheme', 'http'),
  h2Field(':path', '/caxton.v1.AgentService/ListAgents'),
  h2Field(':authority', 'localhost'),
  h2Field('content-type', 'application/grpc'),
  h2Field('te', 'trailers'),
]);
const headers = (stream: number, flags: number = FLAG.endHeaders, block = BLOCK): Buffer =>
  h2Frame(FRAME.headers, flags, stream, block);
const repeated = (count: number, frame: (i: number) => Buffer): Buffer<ArrayBuffer> =>
  Buffer.concat(Array.from({ length: count }, (_, i) => frame(i)));

const PROTOCOL_ERROR = 1;
const INTERNAL_ERROR = 2;
const FLOW_CONTROL_ERROR = 3;
const FRAME_SIZE_ERROR = 6;
const COMPRESSION_ERROR = 9;

/** The frames, and the code with which the connection ends, where one is told. */
const BAD: Readonly<Record<string, readonly [() => Buffer, number]>> = {
  'a frame above the size that was agreed on': [
    () => h2Frame(FRAME.data, 0, 1, Buffer.alloc(1 << 20)),
    FRAME_SIZE_ERROR,
  ],
  'data of no stream': [() => h2Frame(FRAME.data, 0, 0, Buffer.alloc(10)), PROTOCOL_ERROR],
  'data of a stream that was never begun': [
    () => h2Frame(FRAME.data, 0, 99, Buffer.alloc(10)),
    PROTOCOL_ERROR,
  ],
  'a stream with an even number': [() => headers(2), PROTOCOL_ERROR],
  'a window raised by nothing': [() => h2Frame(FRAME.windowUpdate, 0, 0, word(0)), PROTOCOL_ERROR],
  'a window raised beyond 2^31': [
    () => repeated(2, () => h2Frame(FRAME.windowUpdate, 0, 0, word(2 ** 31 - 1))),
    FLOW_CONTROL_ERROR,
  ],
  'settings of half an entry': [
    () => h2Frame(FRAME.settings, 0, 0, Buffer.alloc(5)),
    FRAME_SIZE_ERROR,
  ],
  'settings with an impossible window': [
    () => h2Frame(FRAME.settings, 0, 0, Buffer.concat([bytes(0, 4), word(2 ** 31)])),
    FLOW_CONTROL_ERROR,
  ],
  'a ping of seven bytes': [() => h2Frame(FRAME.ping, 0, 0, Buffer.alloc(7)), FRAME_SIZE_ERROR],
  'a reset of a stream that was never begun': [
    () => h2Frame(FRAME.resetStream, 0, 99, word(8)),
    PROTOCOL_ERROR,
  ],
  'a continuation of nothing': [() => h2Frame(FRAME.continuation, 4, 1, BLOCK), PROTOCOL_ERROR],
  'another frame within headers': [
    () => Buffer.concat([headers(1, 0), h2Frame(FRAME.ping, 0, 0, Buffer.alloc(8))]),
    PROTOCOL_ERROR,
  ],
  'an index that no table has': [
    () => headers(1, FLAG.endHeaders, bytes(0xff, 0xff, 0xff, 0x7f)),
    COMPRESSION_ERROR,
  ],
  'a string longer than its block': [
    () => headers(1, FLAG.endHeaders, bytes(0, 0x7f, 0xff, 0xff, 0xff, 0x07)),
    COMPRESSION_ERROR,
  ],
  'a table larger than was agreed on': [
    () => headers(1, FLAG.endHeaders, bytes(0x3f, 0xff, 0xff, 0xff, 0x07)),
    COMPRESSION_ERROR,
  ],
};

describe('ends the connection:', () => {
  for (const [name, [frames, code]] of Object.entries(BAD)) {
    test(name, async () => {
      const raw = await RawHttp2.connect(place.server.grpcAddress);
      raw.write(frames());
      // Node.js tells some of these by the code of an error of its own.
      for (const told of await raw.untilOver()) assert.ok([code, INTERNAL_ERROR].includes(told));
      raw.close();
      await honestCall();
    });
  }

  test('what is no HTTP/2', async () => {
    for (const preface of [
      'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n',
      '\x16\x03\x01\0\0',
      'PRI * X',
    ]) {
      const text = Buffer.from(preface.padEnd(64, '\0'));
      const raw = await RawHttp2.connect(place.server.grpcAddress, text);
      await raw.untilOver();
      raw.close();
    }
    await honestCall();
  });
});

const FLOOD = 50_000;
/** A field that is put into the table, then said a thousand times by its index. */
const INDEXED = Buffer.concat([
  Buffer.concat([bytes(0x40), hpackText('x'), hpackText('y'.repeat(3_500))]),
  Buffer.alloc(8_000, 0x80 | 62),
]);

const FLOODS: Readonly<Record<string, () => Buffer>> = {
  'streams that are begun and reset at once': () =>
    repeated(FLOOD, (i) =>
      Buffer.concat([headers(2 * i + 1), h2Frame(FRAME.resetStream, 0, 2 * i + 1, word(8))]),
    ),
  'streams that are begun and left': () => repeated(FLOOD, (i) => headers(2 * i + 1)),
  pings: () => repeated(FLOOD, () => h2Frame(FRAME.ping, 0, 0, Buffer.alloc(8))),
  'answers to pings that were never sent': () =>
    repeated(FLOOD, () => h2Frame(FRAME.ping, FLAG.ack, 0, Buffer.alloc(8))),
  settings: () =>
    repeated(FLOOD, (i) =>
      h2Frame(FRAME.settings, 0, 0, Buffer.concat([bytes(0, 4), word(i + 1)])),
    ),
  'settings of a thousand entries': () =>
    repeated(500, () =>
      h2Frame(
        FRAME.settings,
        0,
        0,
        repeated(1_000, () => Buffer.concat([bytes(0, 4), word(9)])),
      ),
    ),
  'frames of nothing': () =>
    Buffer.concat([headers(1), repeated(FLOOD, () => h2Frame(FRAME.data, 0, 1, Buffer.alloc(0)))]),
  'windows raised by one': () => repeated(FLOOD, () => h2Frame(FRAME.windowUpdate, 0, 0, word(1))),
  'a head continued for ever': () =>
    Buffer.concat([
      headers(1, 0),
      repeated(FLOOD, () => h2Frame(FRAME.continuation, 0, 1, h2Field('x', 'y'))),
    ]),
  'heads of megabytes in a few bytes': () =>
    repeated(50, (i) => headers(2 * i + 1, FLAG.endHeaders, INDEXED)),
  'frames of unknown types': () => repeated(FLOOD, () => h2Frame(0xbe, 0, 0, Buffer.alloc(8))),
};

describe('others go on, whether it reads or not, in a flood of', () => {
  for (const [name, flood] of Object.entries(FLOODS)) {
    test(name, async () => {
      for (const reads of [true, false]) {
        const raw = await RawHttp2.connect(place.server.grpcAddress);
        if (!reads) raw.socket.pause();
        raw.write(flood());
        await place.echoAnswers(3);
        await honestCall();
        await eventually('it was taken, or the connection is over', () => {
          const isOver = raw.ended || raw.goAwayCodes().length > 0;
          return !reads || isOver || !raw.socket.writableNeedDrain;
        });
        raw.close();
      }
    });
  }
});

test('what they took is given back', async () => {
  await place.echoAnswers(5);
  await honestCall();
  await line.comesBack();
});
