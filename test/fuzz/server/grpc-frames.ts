import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeRequest, GrpcTestClient } from '../../transport/grpc/client.js';
import { edited, mutated } from '../mutations.js';
import { bytesTarget, Fates, type FuzzTarget } from '../target.js';
import { FuzzedPlace } from './fuzzed-place.js';
import {
  ACK,
  CONTINUATION,
  DATA,
  END_HEADERS,
  END_STREAM,
  type Frame,
  frameBytes,
  GOAWAY,
  grpcMessage,
  HEADERS,
  headerBlock,
  PING,
  PREFACE,
  PUSH_PROMISE,
  RST_STREAM,
  SETTINGS,
  serverFrames,
  WINDOW_UPDATE,
} from './http2-frames.js';

const message = { performative: 'request', receiver: 'echo', content: { structValue: {} } };
const REQUESTS: ReadonlyArray<readonly [method: string, request: object]> = [
  ['MessageService/SendMessage', { message }],
  [
    'MessageService/SendMessage',
    { message: { ...message, reply_by: { seconds: 2e9 } }, options: { persist: true } },
  ],
  ['MessageService/SendMessageAndWait', { message, options: { timeout_ms: 1 } }],
  ['MessageService/QueryMessages', { limit: 5 }],
  ['MessageService/GetConversation', { conversation_id: 'x' }],
  ['MessageService/Converse', { message, id: 'a' }],
  ['MessageService/SendMessages', { message }],
  ['AgentService/ListAgents', {}],
  ['AgentService/GetAgent', { agent_id: 'echo' }],
  [
    'AgentService/DeployAgent',
    { wasm_module: Buffer.from('0061736d01000000', 'hex'), config: { name: 'a' } },
  ],
  ['EventService/Subscribe', { events: ['message'], filter: { agents: ['echo'] } }],
  ['MetricsService/GetStatus', {}],
  ['TaskService/ListTasks', {}],
  ['DeploymentService/ListDeployments', { cursor: 'x' }],
];
const PATHS = [
  ...new Set(REQUESTS.map(([method]) => `/caxton.v1.${method}`)),
  ...['/grpc.health.v1.Health/Check', '/grpc.health.v1.Health/Watch', '/', '', '*', '/a/b/c'],
  '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo',
  ...[
    '/caxton.v1.MessageService/Nothing',
    '/caxton.v1.__proto__/constructor',
    '/caxton.v1.AgentService/',
  ],
];
const BODIES = REQUESTS.map(([method, request]) => encodeRequest(method, request));
/** Tags and lengths that lie about what follows. */
const WORDS = [
  '0a',
  '0affffffff0f',
  '12',
  'ffffffffffffffffffff01',
  '0b',
  '0c',
  '08',
  '0d',
  '09',
  '1a00',
].map((hex) => Buffer.from(hex, 'hex'));

const often = <T>(usual: T, ...others: T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constant(usual) },
    { weight: 1, arbitrary: fc.constantFrom(...others) },
  );

const oddHeaders = fc.constantFrom<readonly [string, string]>(
  ...([
    ['grpc-timeout', '1m'],
    ['grpc-timeout', '99999999999H'],
    ['grpc-timeout', '-1S'],
    ['grpc-encoding', 'gzip'],
    ['grpc-encoding', 'nothing'],
    ['grpc-accept-encoding', 'x'.repeat(300)],
    ['authorization', 'Bearer x'],
    ['traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    ['a-bin', '!!!'],
    ['Upper', 'x'],
    ['connection', 'close'],
    ['content-length', '5'],
    [':status', '200'],
    ['', ''],
    ['x', 'a\r\nb'],
    ['__proto__', 'x'],
    ['idempotency-key', 'x'.repeat(257)],
    ['cookie', 'y'.repeat(5_000)],
  ] as const),
);

const calls: fc.Arbitrary<(stream: number) => Buffer> = fc
  .record({
    chosen: fc.nat({ max: REQUESTS.length - 1 }),
    path: fc.option(fc.constantFrom(...PATHS), { nil: undefined, freq: 5 }),
    method: often('POST', 'GET', 'OPTIONS', ''),
    type: often('application/grpc', 'application/grpc+json', 'text/plain', ''),
    odd: fc.option(oddHeaders, { nil: undefined, freq: 4 }),
    bodies: fc.array(
      fc.oneof(
        { weight: 2, arbitrary: fc.constant(undefined) },
        { weight: 3, arbitrary: mutated(BODIES, { words: WORDS, maxEdits: 3 }) },
      ),
      { maxLength: 3 },
    ),
    compressed: often(0, 1, 2, 255),
    lie: often(0, 1, -1, 2 ** 31, -(2 ** 20)),
    cut: often(0, 1, 3, 7),
    flags: often(END_STREAM, 0, 8, 0x20, 0xff),
    headerFlags: often(END_HEADERS, END_HEADERS | END_STREAM, 0, 0x2c),
  })
  .map((call) => (stream: number) => {
    const [method] = REQUESTS[call.chosen]!;
    const block = headerBlock([
      [':method', call.method],
      [':scheme', 'http'],
      [':path', call.path ?? `/caxton.v1.${method}`],
      [':authority', 'localhost'],
      ['content-type', call.type],
      ['te', 'trailers'],
      ...(call.odd === undefined ? [] : [call.odd]),
    ]);
    const data = Buffer.concat(
      (call.bodies.length === 0 ? [undefined] : call.bodies).map((body) =>
        grpcMessage(body ?? BODIES[call.chosen]!, call.compressed, call.lie),
      ),
    );
    return Buffer.concat([
      frameBytes({ type: HEADERS, flags: call.headerFlags, stream, payload: block }),
      frameBytes({
        type: DATA,
        flags: call.flags,
        stream,
        payload: data.subarray(0, data.length - call.cut),
      }),
    ]);
  });

const strayFrames: fc.Arbitrary<Buffer> = fc
  .record({
    type: fc.oneof(
      fc.constantFrom(
        DATA,
        HEADERS,
        RST_STREAM,
        SETTINGS,
        PUSH_PROMISE,
        PING,
        GOAWAY,
        WINDOW_UPDATE,
        CONTINUATION,
      ),
      fc.nat({ max: 255 }),
    ),
    flags: fc.oneof(fc.constantFrom(0, ACK, END_HEADERS, 0xff), fc.nat({ max: 255 })),
    stream: fc.constantFrom(0, 0, 1, 1, 2, 3, 5, 99, 2 ** 31 - 1, 2 ** 31),
    payload: fc.oneof(
      fc.constantFrom(
        ...[
          '',
          '00000000',
          '7fffffff',
          '0000000000000000',
          '000400000000',
          '000500ffffff',
          '00030000000a',
          '0002000000010003ffffffff',
        ].map((hex) => Buffer.from(hex, 'hex')),
      ),
      fc.uint8Array({ maxLength: 60 }),
    ),
    lie: often(0, 1, -1, 20_000, 2 ** 24),
  })
  .map(({ lie, ...frame }) => frameBytes(frame, lie));

/** Sent behind the case: its answer says that all before it was read. */
const LAST_WORDS = frameBytes({
  type: PING,
  flags: 0,
  stream: 0,
  payload: Buffer.from('anybody?'),
});
const LAST_ANSWER = frameBytes({
  type: PING,
  flags: ACK,
  stream: 0,
  payload: Buffer.from('anybody?'),
});
const isAnswered = (bytes: Buffer): boolean => bytes.includes(LAST_ANSWER);

const opening = Buffer.concat([
  PREFACE,
  frameBytes({ type: SETTINGS, flags: 0, stream: 0, payload: Buffer.alloc(0) }),
]);

const connections: fc.Arbitrary<Uint8Array> = fc
  .array(
    fc.oneof(
      { weight: 5, arbitrary: calls },
      { weight: 1, arbitrary: strayFrames.map((bytes) => () => bytes) },
    ),
    { minLength: 1, maxLength: 4 },
  )
  .map((parts) => Buffer.concat([opening, ...parts.map((part, i) => part(2 * i + 1))]));

/**
 * Bytes on a connection of gRPC: frames of HTTP/2 come back or the connection ends, the server
 * does not fail, and the calls of another channel go on.
 */
export async function grpcFrames(): Promise<FuzzTarget> {
  const place = await FuzzedPlace.start();
  const { grpcAddress } = place.server;
  const port = Number(grpcAddress.split(':').at(-1));
  const bystander = new GrpcTestClient(grpcAddress);
  const fates = new Fates();
  const cases = fc.oneof(
    { weight: 8, arbitrary: connections },
    { weight: 1, arbitrary: edited(connections, { maxEdits: 3 }) },
  );
  let tried = 0;
  const look = async (): Promise<void> => {
    const status = await bystander.call<{ status: string }>('MetricsService/GetStatus');
    assert.ok(status, 'another channel is not served');
    await place.look(true);
  };
  const check = async (bytes: Uint8Array): Promise<void> => {
    const sent = Buffer.concat([bytes, LAST_WORDS]);
    const fate = fateOf(serverFrames(await place.exchange(port, sent, { isAnswered })));
    fates.add(fate);
    await (tried++ % 20 === 0 ? look() : place.look());
  };
  return bytesTarget(cases, check, {
    details: () => fates.lines.slice(0, 30),
    finish: look,
    close: async () => {
      bystander.close();
      await place.close();
    },
  }) as FuzzTarget;
}

/** What the frames tell: the reason of a goodbye, else how many calls were answered. */
function fateOf(frames: readonly Frame[]): string {
  const goodbye = frames.find(({ type }) => type === GOAWAY);
  const code = goodbye === undefined ? 0 : Buffer.from(goodbye.payload).readUInt32BE(4);
  if (code !== 0) return `goodbye with code ${code}`;
  const ended = frames.filter(({ type, flags }) => type === HEADERS && (flags & END_STREAM) !== 0);
  return `${ended.length} calls answered`;
}
