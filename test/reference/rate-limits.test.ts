import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { type RestAnswer, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect } from '../support/ws-client.js';
import { GrpcTestClient } from '../transport/grpc/client.js';
import { rateLimitHeaders, rateLimits } from './printed/rate-limits.js';

type RateClass = (typeof rateLimits)[number][0];

/** One cheap request of each class; that it is refused for something else changes nothing. */
const REQUESTS: Readonly<Record<RateClass, readonly [method: string, path: string]>> = {
  deployment: ['POST', '/agents'],
  messages: ['GET', '/messages?limit=1'],
  metrics: ['GET', '/metrics/system'],
  system: ['GET', '/agents?limit=1'],
};

let server: TestServer;
before(async () => {
  server = await startTestServer({ rate_limits: { enabled: true } });
});
after(() => server?.close());

const ask = (rateClass: RateClass): Promise<RestAnswer> => {
  const [method, path] = REQUESTS[rateClass];
  return request(`${server.url}/api/v1${path}`, method, method === 'POST' ? {} : undefined);
};

describe('the rate limits of the API reference', () => {
  for (const [rateClass, rate, burst] of rateLimits) {
    test(`${rateClass}: ${rate}, burst ${burst}`, async () => {
      const [calls, window] = rate.split('/') as [string, string];
      const beganMs = Date.now();
      const first = await ask(rateClass);
      const told = Object.keys(rateLimitHeaders).map((name) => Number(first.headers.get(name)));
      assert.deepEqual(told.slice(0, 2), [Number(calls), burst - 1]);
      assert.ok(told[2]! >= Math.floor(beganMs / 1_000));
      const accepted =
        1 + (await (rateClass === 'messages' ? useUpByBatch(burst) : useUp(rateClass)));
      const windowMs = window === 'min' ? 60_000 : 1_000;
      const gained = ((Date.now() - beganMs) / windowMs) * Number(calls);
      assert.ok(accepted >= burst && accepted <= burst + gained + 1, `${accepted} calls`);
    });
  }

  test('gRPC has the printed headers in its metadata', async () => {
    const client = new GrpcTestClient(server.grpcAddress);
    try {
      const names: string[] = [];
      await client.call(
        'MessageService/QueryMessages',
        {},
        {
          received: (metadata) => names.push(...Object.keys(metadata.getMap())),
        },
      );
      for (const name of Object.keys(rateLimitHeaders)) {
        assert.ok(names.includes(name.toLowerCase()), name);
      }
    } finally {
      client.close();
    }
  });
});

/** @returns how many calls came before the one that was refused for its rate */
async function useUp(rateClass: RateClass): Promise<number> {
  for (let calls = 0; ; calls++) {
    const { status, body } = await ask(rateClass);
    if (status !== 429) continue;
    assert.equal((body as { error: { code: string } }).error.code, 'RATE_LIMITED');
    return calls;
  }
}

/** Where a thousand come back in a second, only what is sent at once uses them up. */
async function useUpByBatch(burst: number): Promise<number> {
  const client = await connect(server.wsUrl);
  try {
    await client.ask({ type: 'subscribe', id: 1, client_id: 'reader' });
    const message = { performative: 'inform', receiver: 'reader' };
    client.send(encode(Array.from({ length: 2 * burst }, () => ({ message }))));
    const { count, errors } = await client.takeType('ack');
    const codes = (errors as Array<{ error: { code: string } }>).map(({ error }) => error.code);
    assert.deepEqual([...new Set(codes)], ['RATE_LIMITED']);
    // The subscription took one.
    return 1 + (count as number);
  } finally {
    await client.close();
  }
}
