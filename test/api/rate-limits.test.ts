import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { createToken } from '../../src/config/tokens.js';
import { sampleAgent } from '../support/guests.js';
import { deployForm, type RestAnswer, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect } from '../support/ws-client.js';
import { callFailure, GrpcTestClient } from '../transport/grpc/client.js';

/** Once a second or a minute, so that what a slow machine gains between calls changes nothing. */
const SLOWLY = { rate_per_minute: 1, burst: 3 };
const RATES = {
  enabled: true,
  deployment: SLOWLY,
  messages: { rate_per_second: 1, burst: 3 },
  metrics: SLOWLY,
  system: SLOWLY,
};
/** Calls within which a rate of one a second must be used up. */
const ATTEMPTS = 200;

const NAMES = [
  'ann',
  'bob',
  'cleo',
  'dan',
  'eve',
  'fay',
  'gus',
  'hal',
  'ida',
  'jon',
  'kim',
  'lea',
  'free',
] as const;
type Name = (typeof NAMES)[number];
const tokens = new Map(NAMES.map((name) => [name, createToken()]));
const tokenOf = (name: Name) => ({ 'x-caxton-token': tokens.get(name)!.token });
const message = { performative: 'inform', receiver: 'echo', content: 1 };

let server: TestServer;
before(async () => {
  server = await startTestServer({
    rate_limits: RATES,
    tokens: NAMES.map((name) => ({
      name,
      role: name === 'hal' ? ('viewer' as const) : ('admin' as const),
      sha256: tokens.get(name)!.sha256,
      ...(name === 'free' && { rate_limits: { enabled: false } }),
      ...(name === 'ida' && { rate_limits: { system: { burst: 5 } } }),
    })),
  });
  const form = deployForm(sampleAgent('echo'), { name: 'echo' });
  const answer = await request(`${server.url}/api/v1/agents`, 'POST', form, tokenOf('free'));
  assert.equal(answer.status, 201);
});
after(() => server?.close());

const status = (name: Name, path = '/api/v1/status'): Promise<RestAnswer> =>
  request(`${server.url}${path}`, 'GET', undefined, tokenOf(name));
const errorOf = ({ body }: RestAnswer) =>
  (body as { error: { code: string; details: Record<string, unknown> } }).error;
const rateOf = ({ headers }: RestAnswer) =>
  ['limit', 'remaining', 'reset'].map((name) => headers.get(`X-RateLimit-${name}`));

test('answers tell what is left, and past the burst the answer is 429 with when to come again', async () => {
  const startS = Math.floor(Date.now() / 1_000);
  for (const left of ['2', '1', '0']) {
    const answer = await status('ann');
    assert.equal(answer.status, 200);
    const [limit, remaining, reset] = rateOf(answer);
    assert.deepEqual([limit, remaining], ['1', left]);
    assert.ok(Number(reset) >= startS + 60);
  }
  const refused = await status('ann');
  assert.equal(refused.status, 429);
  assert.equal(errorOf(refused).code, 'RATE_LIMITED');
  assert.equal(errorOf(refused).details.rate_class, 'system');
  assert.deepEqual(rateOf(refused).slice(0, 2), ['1', '0']);
  const retryAfterS = Number(refused.headers.get('retry-after'));
  assert.ok(retryAfterS >= 1 && retryAfterS <= 60);
  assert.equal(retryAfterS, errorOf(refused).details.retry_after_seconds);
});

test('a rate is that of one token and one class', async () => {
  while ((await status('bob')).status !== 429);
  assert.equal((await status('bob', '/api/v1/metrics/system')).status, 200);
  assert.equal((await status('bob', '/metrics')).status, 200);
  assert.equal((await status('cleo')).status, 200);
});

test('errors count and tell what is left as well, and a stranger is told nothing', async () => {
  const notFound = await status('dan', '/api/v1/agents/no-such-agent');
  assert.equal(notFound.status, 404);
  assert.deepEqual(rateOf(notFound).slice(0, 2), ['1', '2']);
  const stranger = await request(`${server.url}/api/v1/status`, 'GET');
  assert.equal(stranger.status, 401);
  assert.deepEqual(rateOf(stranger), [null, null, null]);
});

test('a caller who may not call is counted, and its body is not read', async () => {
  const deploy = () => request(`${server.url}/api/v1/agents`, 'POST', 'no json', tokenOf('hal'));
  for (const left of ['2', '1', '0']) {
    const answer = await deploy();
    assert.deepEqual([answer.status, rateOf(answer)[1]], [403, left]);
  }
  assert.equal((await deploy()).status, 429);
});

test('a token has rates of its own, or none', async () => {
  assert.deepEqual(rateOf(await status('ida')).slice(0, 2), ['1', '4']);
  for (let i = 0; i < 10; i++) {
    const answer = await status('free');
    assert.equal(answer.status, 200);
    assert.deepEqual(rateOf(answer), [null, null, null]);
  }
});

test('gRPC has the same in its metadata, and counts with REST', async () => {
  const client = new GrpcTestClient(server.grpcAddress, tokenOf('eve'));
  try {
    const left: string[] = [];
    const received = (metadata: { get(key: string): unknown[] }): void => {
      left.push(`${metadata.get('x-ratelimit-remaining')} of ${metadata.get('x-ratelimit-limit')}`);
      assert.ok(Number(metadata.get('x-ratelimit-reset')) > Date.now() / 1_000);
    };
    await client.call('MetricsService/GetStatus', {}, { received });
    assert.deepEqual(rateOf(await status('eve')).slice(0, 2), ['1', '1']);
    await client.call('AgentService/ListAgents', {}, { received });
    assert.deepEqual(left, ['2 of 1', '0 of 1']);
    const failure = await client.failure('AgentService/ListAgents');
    assert.equal(failure.status, 8);
    assert.equal(failure.error?.code, 'RATE_LIMITED');
    assert.deepEqual(failure.metadata.get('x-ratelimit-remaining'), ['0']);
    assert.deepEqual(failure.metadata.get('x-ratelimit-limit'), ['1']);
    const retryAfterS = Number(failure.metadata.get('retry-after')[0]);
    assert.equal(retryAfterS, failure.error?.details.retry_after_seconds);
  } finally {
    client.close();
  }
});

test('gRPC sends past the rate are refused', async () => {
  const client = new GrpcTestClient(server.grpcAddress, tokenOf('gus'));
  try {
    const attempts = Array.from({ length: ATTEMPTS }, () =>
      client.call('MessageService/SendMessage', { message: { ...message, content: {} } }).then(
        () => 'sent',
        (error: unknown) => callFailure(error).error?.code,
      ),
    );
    const outcomes = await Promise.all(attempts);
    assert.ok(outcomes.filter((outcome) => outcome === 'sent').length >= 3);
    assert.ok(outcomes.includes('RATE_LIMITED'));
  } finally {
    client.close();
  }
});

test('each message of a gRPC stream counts, and those past the rate are refused by themselves', async () => {
  const client = new GrpcTestClient(server.grpcAddress, tokenOf('jon'));
  try {
    const sends = Array.from({ length: ATTEMPTS }, () => ({
      message: { ...message, content: {} },
    }));
    const answer = await client.sendAll<{
      accepted: number;
      refused: number;
      errors: Array<{ index: number; error: { code: string } }>;
    }>('MessageService/SendMessages', sends);
    assert.ok(answer.accepted >= 3 && answer.refused > 0);
    assert.equal(answer.accepted + answer.refused, ATTEMPTS);
    assert.ok(
      answer.errors.every(({ index, error }) => index >= 3 && error.code === 'RATE_LIMITED'),
    );
  } finally {
    client.close();
  }
});

test('on a gRPC call that goes both ways a message counts even if it can’t be sent', async () => {
  const client = new GrpcTestClient(server.grpcAddress, tokenOf('kim'));
  try {
    const { call, answers } = client.converse<{ error?: { code: string } }>(
      'MessageService/Converse',
    );
    for (let i = 0; i < ATTEMPTS; i++) call.write(i % 2 === 0 ? {} : { wait: true });
    call.end();
    assert.equal(await answers.end(), undefined);
    const codes = answers.received.map(({ error }) => error?.code);
    assert.equal(codes.length, ATTEMPTS);
    assert.ok(codes.includes('RATE_LIMITED') && codes.includes('INVALID_REQUEST'));
  } finally {
    client.close();
  }
});

test('a gRPC subscription counts once, and tells what is left', async () => {
  const client = new GrpcTestClient(server.grpcAddress, tokenOf('lea'));
  try {
    const stream = client.subscribe('EventService/Subscribe', { client_id: 'lea-listens' });
    const metadata = new Promise<{ get(key: string): unknown[] }>((resolve) => {
      stream.call.on('metadata', resolve);
    });
    await stream.take();
    assert.deepEqual((await metadata).get('x-ratelimit-remaining'), ['2']);
    const refused = Array.from({ length: ATTEMPTS }, () =>
      client.subscribe('EventService/Subscribe', {}).end(),
    );
    const failures = await Promise.all(refused);
    const limited = failures.find((failure) => failure?.error?.code === 'RATE_LIMITED');
    assert.deepEqual(limited?.metadata.get('x-ratelimit-limit'), ['1']);
    assert.ok(failures.some((failure) => failure?.error?.code === 'INVALID_REQUEST'));
    stream.call.cancel();
    await stream.end();
  } finally {
    client.close();
  }
});

test('WebSocket sends past the rate are refused by a frame, and the connection goes on', async () => {
  const client = await connect(server.wsUrl, tokenOf('fay'));
  try {
    for (let id = 1; id <= ATTEMPTS; id++) client.send({ type: 'send', id, message });
    for (let id = 1; id <= 3; id++) {
      const answer = await client.take(`answer ${id}`, (frame) => frame.id === id);
      assert.equal(answer.type, 'ack');
    }
    const refused = await client.takeType('error');
    const error = refused.error as { code: string; details: Record<string, unknown> };
    assert.equal(error.code, 'RATE_LIMITED');
    assert.deepEqual([error.details.rate_class, error.details.burst], ['messages', 3]);
    assert.equal((await client.ask({ type: 'ping', id: 'still here' })).type, 'pong');
  } finally {
    await client.close();
  }
});

test('a batch counts its messages: the first are sent, and none behind one that was refused', async () => {
  const client = await connect(server.wsUrl, tokenOf('cleo'));
  try {
    client.send(encode(Array.from({ length: ATTEMPTS }, (_, id) => ({ id, message }))));
    const ack = await client.takeType('ack');
    const ids = ack.message_ids as Array<string | null>;
    const errors = ack.errors as Array<{ index: number; id: number; error: { code: string } }>;
    const sent = ids.filter((id) => id !== null).length;
    assert.equal(sent, 3);
    assert.equal(ack.count, sent);
    assert.ok(ids.slice(0, sent).every((id) => id !== null));
    assert.deepEqual(
      errors.map(({ index, id, error }) => [index, id, error.code]),
      ids.slice(sent).map((_, i) => [sent + i, sent + i, 'RATE_LIMITED']),
    );
  } finally {
    await client.close();
  }
});

test('without tokens the address is what counts, the same over every API', async () => {
  const open = await startTestServer({ rate_limits: RATES });
  const client = new GrpcTestClient(open.grpcAddress);
  try {
    const ask = () => request(`${open.url}/api/v1/status`, 'GET');
    assert.deepEqual(rateOf(await ask()).slice(0, 2), ['1', '2']);
    await client.call('MetricsService/GetStatus');
    assert.deepEqual(rateOf(await ask()).slice(0, 2), ['1', '0']);
    assert.equal((await client.failure('MetricsService/GetStatus')).error?.code, 'RATE_LIMITED');
    assert.equal((await request(`${open.url}/healthz`, 'GET')).status, 200);
  } finally {
    client.close();
    await open.close();
  }
});

test('what agents send is not counted', async () => {
  const generous = { ...RATES, messages: { rate_per_second: 1, burst: 40 } };
  const open = await startTestServer({ rate_limits: generous });
  try {
    const form = deployForm(sampleAgent('echo'), { name: 'echo' });
    await request(`${open.url}/api/v1/agents`, 'POST', form);
    const client = await connect(open.wsUrl);
    await client.ask({ type: 'subscribe', id: 's', client_id: 'listener' });
    const asked = { ...message, performative: 'request', sender: 'listener' };
    const batch = Array.from({ length: 39 }, () => ({ message: asked }));
    client.send(encode(batch));
    assert.equal((await client.takeType('ack')).count, 39);
    for (let i = 0; i < 39; i++) await client.takeType('message');
    await client.close();
  } finally {
    await open.close();
  }
});
