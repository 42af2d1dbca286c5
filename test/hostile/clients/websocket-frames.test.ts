import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import {
  type FrameForm,
  OPCODE,
  RawWebSocket,
  type ReceivedRaw,
  upgradeLines,
  wsFrame,
} from '../../support/raw-ws.js';
import { Neighbourhood } from '../neighbourhood.js';
import { BaseLine } from './base-line.js';

/*
 * Frames that no honest client sends (RFC 6455, sections 5 and 7). The HTTP library ends such a
 * connection without a close frame, which clients report as 1006; its neighbours notice nothing.
 */

let place: Neighbourhood;
let line: BaseLine;
before(async () => {
  place = await Neighbourhood.start();
  line = await BaseLine.of(place.server);
});
after(() => place?.close());

const PING = '{"type":"ping","id":1}';
const text = (payload: string | Uint8Array, form?: FrameForm) =>
  wsFrame(OPCODE.text, payload, form);
const code = (number: number, reason: Uint8Array = Buffer.alloc(0)): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(number);
  return wsFrame(OPCODE.close, Buffer.concat([bytes, reason]));
};
const more: FrameForm = { fin: false };
const half = Buffer.alloc(LIMITS.websocket_frame_bytes / 2 + 1, 0x20);
const fragments = Array.from({ length: 17 }, (_, i) =>
  wsFrame(i === 0 ? OPCODE.text : OPCODE.continuation, Buffer.alloc(1 << 20, 0x20), more),
);

const ENDING: Readonly<Record<string, readonly Buffer[]>> = {
  'a length of 2^63': [text('', { declaredBytes: 2n ** 63n })],
  'a length of 2^64 - 1': [text('', { declaredBytes: 2n ** 64n - 1n })],
  'a length just above the limit': [
    text('', { declaredBytes: BigInt(LIMITS.websocket_frame_bytes) + 1n }),
  ],
  'two fragments above the limit': [text(half, more), wsFrame(OPCODE.continuation, half)],
  'many fragments that add up': fragments,
  'an overlong form in UTF-8': [text(Buffer.from([0xc0, 0xaf]))],
  'half a surrogate pair': [text(Buffer.from([0xed, 0xa0, 0x80]))],
  'a sign beyond Unicode': [text(Buffer.from([0xf4, 0x90, 0x80, 0x80]))],
  'UTF-8 that breaks off': [text(Buffer.from([0xe2, 0x82]))],
  'bad UTF-8 over two fragments': [
    text(Buffer.from([0xe2, 0x82]), more),
    wsFrame(OPCODE.continuation, Buffer.from([0x22])),
  ],
  'a ping in fragments': [wsFrame(OPCODE.ping, 'a', more)],
  'a ping of 126 bytes': [wsFrame(OPCODE.ping, 'a'.repeat(126))],
  'a close of 126 bytes': [wsFrame(OPCODE.close, 'a'.repeat(126))],
  'reserved bit 1': [text(PING, { reserved: 4 })],
  'reserved bit 2': [text(PING, { reserved: 2 })],
  'reserved bit 3': [text(PING, { reserved: 1 })],
  'opcode 3': [wsFrame(3, 'x')],
  'opcode 7': [wsFrame(7, 'x')],
  'opcode 11': [wsFrame(11, 'x')],
  'opcode 15': [wsFrame(15, 'x')],
  'a continuation of nothing': [wsFrame(OPCODE.continuation, 'x')],
  'a frame within a message': [text('x', more), text('y')],
};

const CLOSING: Readonly<Record<string, Buffer>> = {
  'without a code': wsFrame(OPCODE.close, ''),
  'with half a code': wsFrame(OPCODE.close, 'a'),
  'with 1000': code(1000),
  'with an own code': code(4999),
  ...Object.fromEntries(
    [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_535].map((number) => [
      `with ${number}, which may not be sent`,
      code(number),
    ]),
  ),
  'with a reason that is no UTF-8': code(1000, Buffer.from([0xff, 0xfe])),
};

async function withSocket(act: (socket: RawWebSocket) => Promise<void>): Promise<void> {
  const socket = await RawWebSocket.connect(place.server.url);
  try {
    assert.equal(await socket.upgraded(), 101);
    await act(socket);
  } finally {
    socket.close();
  }
}

describe('ends the connection, and does nothing of it:', () => {
  for (const [name, frames] of Object.entries(ENDING)) {
    test(name, () =>
      withSocket(async (socket) => {
        socket.write(...frames, text(PING));
        assert.deepEqual(await socket.untilEnd(), []);
      }),
    );
  }
});

describe('a close is answered by a close, and ends the connection:', () => {
  for (const [name, frame] of Object.entries(CLOSING)) {
    test(name, () =>
      withSocket(async (socket) => {
        socket.write(frame, text(PING));
        for (const { opcode } of await socket.untilEnd()) assert.equal(opcode, OPCODE.close);
      }),
    );
  }
});

test('frames without a mask are read as if they had one, so that nothing of them is done', () =>
  withSocket(async (socket) => {
    for (let i = 0; i < 8; i++) socket.write(text(PING, { masked: false }));
    const told = (await socket.untilEnd()).map(({ payload }) => payload.toString());
    assert.doesNotMatch(told.join(''), /pong/);
  }));

test('a message in as many fragments as it has bytes is put together, and control frames between', () =>
  withSocket(async (socket) => {
    const bytes = Buffer.from(PING);
    for (let i = 0; i < bytes.length; i++) {
      const fin = i === bytes.length - 1;
      socket.write(
        wsFrame(i === 0 ? OPCODE.text : OPCODE.continuation, bytes.subarray(i, i + 1), { fin }),
      );
      socket.write(wsFrame(OPCODE.ping, `${i}`));
    }
    const frames: ReceivedRaw[] = [];
    const texts = await eventually('the answer', () => {
      frames.push(...socket.take());
      const found = frames.filter(({ opcode }) => opcode === OPCODE.text);
      return found.length > 0 && found;
    });
    const pongs = frames.filter(({ opcode }) => opcode === OPCODE.pong);
    assert.equal(pongs.length, bytes.length);
    assert.deepEqual(
      texts.map(({ payload }) => JSON.parse(payload.toString())),
      [{ type: 'pong', id: 1 }],
    );
  }));

const UPGRADES: ReadonlyArray<readonly [string, Readonly<Record<string, string>>, number]> = [
  ['without a key', { 'Sec-WebSocket-Key': '' }, 426],
  ['with a short key', { 'Sec-WebSocket-Key': 'short' }, 426],
  ['with a long key', { 'Sec-WebSocket-Key': 'k'.repeat(2_000) }, 426],
  ['without a version', { 'Sec-WebSocket-Version': '' }, 426],
  ['of an old version', { 'Sec-WebSocket-Version': '8' }, 426],
  ['of two versions', { 'Sec-WebSocket-Version': '13, 8' }, 426],
  ['to something else', { Upgrade: 'h2c' }, 426],
  ['to nothing', { Upgrade: '' }, 426],
  ['with extensions that nobody has', { 'Sec-WebSocket-Extensions': 'x; '.repeat(500) }, 101],
  ['with a large header', { 'X-Large': 'x'.repeat(3_000) }, 101],
];

describe('an upgrade', () => {
  for (const [name, changed, status] of UPGRADES) {
    test(`${name} gets ${status}`, async () => {
      const socket = await RawWebSocket.connect(place.server.url, upgradeLines(changed));
      assert.equal(await socket.upgraded(), status);
      socket.close();
    });
  }

  test('by POST gets 426', async () => {
    const [first, ...rest] = upgradeLines();
    const lines = [first!.replace('GET', 'POST'), ...rest];
    const socket = await RawWebSocket.connect(place.server.url, lines);
    assert.equal(await socket.upgraded(), 426);
    socket.close();
  });

  test('with an endless header ends the connection', async () => {
    const socket = await RawWebSocket.connect(place.server.url, ['GET /ws HTTP/1.1', 'X: x']);
    socket.write(Buffer.alloc(4 << 20, 'x'));
    assert.deepEqual(await socket.untilEnd(), []);
    socket.close();
  });
});

test('what they took is given back', async () => {
  await place.echoAnswers(5);
  await line.comesBack();
});
