import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { decode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { anyJsonText, anyPackedBatch, anyPackedMap } from '../envelopes/envelope-texts.js';
import { edited } from '../mutations.js';
import { bytesTarget, Fates, type FuzzTarget } from '../target.js';
import {
  BINARY,
  CLOSE,
  clientFrame,
  type FrameForm,
  frameAt,
  PING,
  PONG,
  type ReceivedFrame,
  TEXT,
  verdictOn,
} from './client-frames.js';
import { FuzzedPlace } from './fuzzed-place.js';

const HANDSHAKE =
  'GET /ws HTTP/1.1\r\nhost: localhost\r\nconnection: Upgrade\r\nupgrade: websocket\r\n' +
  'sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n';
/** Sent behind the case: its answer says that all before it was read. */
const LAST_WORDS = Buffer.from('is anybody there');
const EVENT_TYPE = /^[a-z]+\.[a-z_]+$/;
const TYPES = [
  'ping',
  'pong',
  'ack',
  'reply',
  'error',
  'subscribed',
  'unsubscribed',
  'event',
  'message',
  'batch_ack',
  'gap',
];

const ids = fc.oneof(
  fc.nat(),
  fc.string({ maxLength: 8 }),
  fc.constantFrom<unknown>(null, -0, Number.POSITIVE_INFINITY, '', '\ud800', [], 'x'.repeat(257)),
);
const names = fc.constantFrom('echo', 'nobody', '*', '', 'é', '__proto__', 'x'.repeat(257));

/** Frames of docs/websocket.md: right ones, and ones with something wrong. */
const jsonFrames = fc
  .oneof(
    fc.record({ type: fc.constant('ping'), id: ids }, { requiredKeys: ['type'] }),
    fc.record(
      {
        type: fc.constant('subscribe'),
        id: ids,
        events: fc.array(fc.constantFrom('agent.*', '*', 'agent.deployed', 'nothing'), {
          maxLength: 2,
        }),
        filter: fc.record(
          {
            agents: fc.array(names, { maxLength: 3 }),
            performatives: fc.array(fc.constantFrom('inform', 'request', 'shout'), {
              maxLength: 2,
            }),
            conversation_id: names,
          },
          { requiredKeys: [] },
        ),
        filters: fc.constantFrom<unknown>({ agent_ids: ['echo'] }, {}, { agents: [] }),
        client_id: names,
        on_overflow: fc.constantFrom('drop', 'close', 'x'),
        resume_from: fc.constantFrom<unknown>(0, 1, -1, 'x', 1e18),
      },
      { requiredKeys: ['type'] },
    ),
    fc.record({ type: fc.constant('unsubscribe'), subscription_id: names }),
    fc.record(
      {
        type: fc.constant('send'),
        id: ids,
        message: fc.record({
          performative: fc.constantFrom('inform', 'request', 'query-ref', 'shout'),
          receiver: fc.constantFrom('echo', 'nobody', 'capability:search', 'broadcast:x', ''),
          content: fc.jsonValue({ maxDepth: 2 }),
        }),
        options: fc.constantFrom<unknown>({}, { persist: true }, { nothing: 1 }, null),
        wait: fc.constantFrom<unknown>(false, true, 1),
        timeout_ms: fc.constantFrom<unknown>(1, 0, -1, 1e9),
      },
      { requiredKeys: ['type', 'message'] },
    ),
    fc.record({ type: fc.constantFrom('', 'shout', '__proto__', 'constructor') }),
  )
  .map((frame) => Buffer.from(JSON.stringify(frame)));

const textPayloads = fc.oneof(
  { weight: 6, arbitrary: jsonFrames },
  { weight: 1, arbitrary: edited(jsonFrames, { maxEdits: 2 }) },
  {
    weight: 2,
    arbitrary: anyJsonText.map((text) =>
      Buffer.concat([Buffer.from('{"type":"send","message":'), text, Buffer.from('}')]),
    ),
  },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }) },
);
const binaryPayloads = fc.oneof(anyPackedBatch, anyPackedMap, fc.uint8Array({ maxLength: 300 }));
const controlPayloads = fc.oneof(
  fc.uint8Array({ maxLength: 125 }),
  fc.uint8Array({ minLength: 126, maxLength: 200 }),
);
const closePayloads = fc.oneof(
  fc
    .constantFrom(1000, 1001, 1005, 1006, 1015, 999, 3000, 5000, 65535)
    .map((code) => Buffer.from([code >> 8, code & 0xff, 0x78])),
  fc.uint8Array({ maxLength: 3 }),
);

const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 40, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

function frames(
  opcode: fc.Arbitrary<number>,
  payload: fc.Arbitrary<Uint8Array>,
): fc.Arbitrary<FrameForm> {
  return fc.record({
    opcode,
    payload,
    fin: often(true, false),
    rsv: often(0, 1, 2, 4, 7),
    masked: often(true, false),
    lengthForm: often<7 | 16 | 64>(7, 16, 64),
    lie: often(0, 1, -1, 200, 70_000, 2 ** 31, 2 ** 40),
  }) as fc.Arbitrary<FrameForm>;
}

const oneFrame = fc.oneof(
  { weight: 6, arbitrary: frames(fc.constant(TEXT), textPayloads) },
  { weight: 4, arbitrary: frames(fc.constant(BINARY), binaryPayloads) },
  { weight: 2, arbitrary: frames(fc.constantFrom(PING, PONG), controlPayloads) },
  { weight: 1, arbitrary: frames(fc.constant(CLOSE), closePayloads) },
  { weight: 1, arbitrary: frames(fc.nat({ max: 15 }), fc.uint8Array({ maxLength: 20 })) },
);

/** A message in several frames, with a control frame or another message among them. */
const fragmented = fc
  .record({
    opcode: fc.constantFrom(TEXT, BINARY),
    payload: textPayloads,
    cuts: fc.array(fc.nat({ max: 300 }), { minLength: 1, maxLength: 4 }),
    between: fc.option(oneFrame, { nil: undefined }),
    last: often(true, false),
  })
  .map(({ opcode, payload, cuts, between, last }) => {
    const places = [0, ...cuts.map((cut) => Math.min(cut, payload.length)).sort((a, b) => a - b)];
    const parts = places.map((from, i) => payload.subarray(from, places[i + 1] ?? payload.length));
    const all = parts.map((part, i) =>
      clientFrame({
        opcode: i === 0 ? opcode : 0,
        fin: last && i === parts.length - 1,
        rsv: 0,
        masked: true,
        lengthForm: 7,
        lie: 0,
        payload: part,
      }),
    );
    if (between !== undefined) all.splice(1, 0, clientFrame(between));
    return Buffer.concat(all);
  });

const streams = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: oneFrame.map(clientFrame) },
      { weight: 1, arbitrary: fragmented },
    ),
    {
      minLength: 1,
      maxLength: 5,
    },
  )
  .map((all) => Buffer.concat(all));

/**
 * Bytes on a WebSocket after its handshake: where the RFC allows them all is answered, a ping behind
 * them too; where it doesn't, the connection ends. What comes is frames that a server may send.
 */
export async function websocketFrames(): Promise<FuzzTarget> {
  const place = await FuzzedPlace.start();
  const port = Number(new URL(place.server.url).port);
  const fates = new Fates();
  const cases = fc.oneof(
    { weight: 4, arbitrary: streams },
    { weight: 1, arbitrary: edited(streams, { maxEdits: 3 }) },
  );
  const ping = clientFrame({
    opcode: PING,
    fin: true,
    rsv: 0,
    masked: true,
    lengthForm: 7,
    lie: 0,
    payload: LAST_WORDS,
  });
  const pong = Buffer.concat([Uint8Array.of(0x80 | PONG, LAST_WORDS.length), LAST_WORDS]);
  const check = async (bytes: Uint8Array): Promise<void> => {
    const verdict = verdictOn(Buffer.from(bytes));
    const sent = Buffer.concat([bytes, ping]);
    const received = framesIn(
      await place.exchange(port, sent, {
        greeting: HANDSHAKE,
        awaited: verdict === 'whole' ? pong : undefined,
      }),
    );
    const isAnswered = received.some(
      ({ opcode, payload }) => opcode === PONG && payload.equals(LAST_WORDS),
    );
    if (verdict === 'whole') assert.ok(isAnswered, 'the ping behind it was not answered');
    if (verdict === 'violation') assert.ok(!isAnswered, 'a violation was passed over');
    fates.add(`${verdict}${isAnswered ? ', answered' : ''}`);
    for (const { opcode, payload } of received) fates.add(`got ${kindOf(opcode, payload)}`);
    await place.look();
  };
  return bytesTarget(cases, check, {
    details: () => fates.lines.slice(0, 40),
    finish: () => place.look(true),
    close: () => place.close(),
  }) as FuzzTarget;
}

/** What the server sent behind its handshake. @throws when it may not be sent by a server */
function framesIn(bytes: Buffer): ReceivedFrame[] {
  const head = bytes.indexOf('\r\n\r\n');
  assert.match(bytes.toString('latin1', 0, 30), /^HTTP\/1\.1 101 /);
  const frames: ReceivedFrame[] = [];
  for (let at = head + 4; at < bytes.length; ) {
    const read = frameAt(bytes, at);
    // A client that ended its side gets no more than what was written until then.
    if (read === undefined || read.end > bytes.length) break;
    const { frame } = read;
    assert.ok(!frame.masked && frame.rsv === 0 && frame.minimal && frame.fin);
    assert.ok([TEXT, BINARY, CLOSE, PING, PONG].includes(frame.opcode), `opcode ${frame.opcode}`);
    assert.ok(frame.opcode < 8 || frame.payload.length <= 125);
    assert.notEqual(frames.at(-1)?.opcode, CLOSE, 'something follows the close frame');
    frames.push(frame);
    at = read.end;
  }
  return frames;
}

/** @throws when the content of a frame is not what the documentation has */
function kindOf(opcode: number, payload: Buffer): string {
  if (opcode === PING || opcode === PONG) return 'a control frame';
  if (opcode === CLOSE) {
    const code = payload.length >= 2 ? payload.readUInt16BE(0) : 1005;
    const isLegal =
      (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) ||
      (code >= 3000 && code < 5000);
    assert.ok(payload.length === 0 || isLegal, `closed with ${code}`);
    return `close ${code}`;
  }
  if (opcode === TEXT) assert.ok(isUtf8(payload));
  const value = (opcode === TEXT ? JSON.parse(payload.toString()) : decode(payload)) as {
    readonly type: string;
    readonly error?: { readonly code: string };
  };
  const known = TYPES.includes(value.type) || EVENT_TYPE.test(value.type);
  assert.ok(known, `a frame of type ${value.type}`);
  assert.notEqual(value.error?.code, 'INTERNAL_ERROR');
  return value.error === undefined ? value.type : `error ${value.error.code}`;
}
