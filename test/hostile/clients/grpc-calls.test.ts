import assert from 'node:assert/strict';
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2';
import { after, before, describe, test } from 'node:test';
import { deflateSync, gzipSync } from 'node:zlib';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import { GrpcTestClient } from '../../transport/grpc/client.js';
import { Neighbourhood } from '../neighbourhood.js';
import { BaseLine } from './base-line.js';

/* Calls that no gRPC library makes, by HTTP/2 itself, while an honest client goes on. */

let place: Neighbourhood;
let line: BaseLine;
before(async () => {
  place = await Neighbourhood.start();
  await honestCall();
  line = await BaseLine.of(place.server);
});
after(() => place?.close());

const MEGABYTE = 1 << 20;
const OK = 0;
const INVALID_ARGUMENT = 3;
const RESOURCE_EXHAUSTED = 8;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;
const ENHANCE_YOUR_CALM = 11;

async function honestCall(): Promise<void> {
  const client = new GrpcTestClient(place.server.grpcAddress);
  try {
    const { agents } = await client.call<{ agents: object[] }>('AgentService/ListAgents');
    assert.notEqual(agents.length, 0);
  } finally {
    client.close();
  }
}

function prefixed(bytes: Uint8Array, flag = 0, length = bytes.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, bytes]);
}

const HEADERS = {
  ':method': 'POST',
  ':path': '/caxton.v1.AgentService/ListAgents',
  'content-type': 'application/grpc',
  te: 'trailers',
};

interface Outcome {
  readonly http: number | undefined;
  readonly grpc: number | undefined;
  readonly reset: number;
}

class Call {
  readonly stream: ClientHttp2Stream;
  #headers: IncomingHttpHeaders = {};
  #trailers: IncomingHttpHeaders = {};
  #over = false;

  constructor(session: ClientHttp2Session, headers: object = {}) {
    this.stream = session.request({ ...HEADERS, ...headers });
    this.stream.on('response', (headers) => {
      this.#headers = headers;
    });
    this.stream.on('trailers', (trailers) => {
      this.#trailers = trailers;
    });
    for (const event of ['end', 'close']) {
      this.stream.on(event, () => {
        this.#over = true;
      });
    }
    this.stream.on('error', () => {});
    this.stream.resume();
  }

  async outcome(): Promise<Outcome> {
    await eventually('the call is answered', () => this.#over);
    const status = this.#trailers['grpc-status'] ?? this.#headers['grpc-status'];
    return {
      http: this.#headers[':status'] as unknown as number | undefined,
      grpc: status === undefined ? undefined : Number(status),
      reset: this.stream.rstCode ?? 0,
    };
  }
}

async function withSession(act: (session: ClientHttp2Session) => Promise<void>): Promise<void> {
  const session = connect(`http://${place.server.grpcAddress}`);
  session.on('error', () => {});
  try {
    await act(session);
  } finally {
    session.destroy();
  }
}

/** A gigabyte of zeros in a megabyte: gzip reads what is joined as one (RFC 1952, section 2.2). */
function bomb(): Buffer {
  const part = gzipSync(Buffer.alloc(64 * MEGABYTE));
  return Buffer.concat(Array.from({ length: 16 }, () => part));
}

const empty = Buffer.alloc(0);
const gzip = { 'grpc-encoding': 'gzip' };

interface Case {
  readonly headers?: object;
  readonly body: () => Uint8Array;
  readonly grpc?: number;
  readonly http?: number;
  readonly reset?: boolean;
}

const is = (grpc: number, body: Case['body'], headers: object = {}): Case => ({
  grpc,
  body,
  headers,
});

const CASES: Readonly<Record<string, Case>> = {
  'a message of nothing': is(OK, () => prefixed(empty)),
  'a declared length of 4 GiB': is(RESOURCE_EXHAUSTED, () => prefixed(empty, 0, 2 ** 32 - 1)),
  'a declared length just above the limit': is(RESOURCE_EXHAUSTED, () =>
    prefixed(empty, 0, LIMITS.request_body_bytes + 1),
  ),
  'a message that ends too early': is(UNIMPLEMENTED, () => prefixed(empty, 0, 100)),
  'half a prefix': is(UNIMPLEMENTED, () => Buffer.alloc(3)),
  'no message': is(UNIMPLEMENTED, () => empty),
  'two messages where one belongs': is(UNIMPLEMENTED, () =>
    Buffer.concat([prefixed(empty), prefixed(empty)]),
  ),
  'ten thousand messages of nothing': is(UNIMPLEMENTED, () => Buffer.alloc(5 * 10_000)),
  'bytes that are no message': is(INVALID_ARGUMENT, () => prefixed(Buffer.alloc(100, 0xff))),
  'groups within groups': is(INVALID_ARGUMENT, () => prefixed(Buffer.alloc(MEGABYTE, 0x0b))),
  'compressed without saying how': is(INVALID_ARGUMENT, () => prefixed(gzipSync('x'), 1)),
  'compressed by something unknown': is(UNIMPLEMENTED, () => prefixed(empty, 1), {
    'grpc-encoding': 'br',
  }),
  'what is not compressed as it says': is(INTERNAL, () => prefixed(Buffer.from('no'), 1), gzip),
  'a gigabyte by gzip': is(RESOURCE_EXHAUSTED, () => prefixed(bomb(), 1), gzip),
  'hundreds of megabytes by deflate': is(
    RESOURCE_EXHAUSTED,
    () => prefixed(deflateSync(Buffer.alloc(256 * MEGABYTE)), 1),
    { 'grpc-encoding': 'deflate' },
  ),
  'an unknown method': is(UNIMPLEMENTED, () => prefixed(empty), {
    ':path': '/caxton.v1.AgentService/Nothing',
  }),
  'an unknown service': is(UNIMPLEMENTED, () => prefixed(empty), { ':path': '/nothing' }),
  'a path with dots': is(UNIMPLEMENTED, () => prefixed(empty), {
    ':path': '/x/../caxton.v1.AgentService/ListAgents',
  }),
  'JSON by its type': {
    http: 415,
    body: () => Buffer.from('{}'),
    headers: { 'content-type': 'application/json' },
  },
  'no type': { http: 415, body: () => prefixed(empty), headers: { 'content-type': '' } },
  'a megabyte of metadata': {
    reset: true,
    body: () => prefixed(empty),
    headers: { 'x-large': 'x'.repeat(MEGABYTE) },
  },
  'a thousand names of metadata': {
    reset: true,
    body: () => prefixed(empty),
    headers: Object.fromEntries(Array.from({ length: 1_000 }, (_, i) => [`x-${i}`, 'y'])),
  },
  '__proto__ as metadata': is(OK, () => prefixed(empty), JSON.parse('{"__proto__":"x"}')),
};

describe('over gRPC is answered by', () => {
  for (const [name, { headers, body, grpc, http = 200, reset = false }] of Object.entries(CASES)) {
    test(`${reset ? 'a reset' : (grpc ?? http)}: ${name}`, () =>
      withSession(async (session) => {
        const call = new Call(session, headers);
        call.stream.end(body());
        const outcome = await call.outcome();
        if (reset) assert.notEqual(outcome.reset, 0);
        else {
          assert.equal(outcome.http, http);
          assert.equal(outcome.grpc, grpc);
        }
        await honestCall();
      }));
  }
});

test('of messages that never end only so much is kept of a connection', () =>
  withSession(async (session) => {
    const most = LIMITS.held_request_bytes_per_caller / LIMITS.request_body_bytes;
    const calls = Array.from({ length: 3 * most }, () => new Call(session));
    const unfinished = prefixed(
      Buffer.alloc(LIMITS.request_body_bytes - 1),
      0,
      LIMITS.request_body_bytes,
    );
    for (const { stream } of calls) stream.write(unfinished);
    const ended = await eventually('what is too much is ended', () => {
      const some = calls.filter(({ stream }) => stream.closed);
      return some.length >= 2 * most - 1 && some;
    });
    for (const call of ended) assert.equal((await call.outcome()).reset, ENHANCE_YOUR_CALM);
    await place.echoAnswers(5);
    await honestCall();
  }));

test('calls that never end their side hold up nobody, and go with their connection', async () => {
  for (let round = 0; round < 3; round++) {
    await withSession(async (session) => {
      for (let i = 0; i < LIMITS.grpc_concurrent_streams; i++) {
        new Call(session).stream.write(prefixed(Buffer.alloc(2_000)));
      }
      await place.echoAnswers(3);
      await honestCall();
    });
  }
});

test('what they took is given back', async () => {
  await place.echoAnswers(5);
  await honestCall();
  await line.comesBack();
});
