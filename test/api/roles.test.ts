import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { GrpcStream, Operation } from '../../src/api/operation.js';
import { allOperations, STREAM_OPERATIONS } from '../../src/api/operations.js';
import { ROLES, type Role } from '../../src/base/roles.js';
import { createToken } from '../../src/config/tokens.js';
import { STREAMING_METHODS, UNARY_METHODS } from '../../src/transport/grpc/services.js';
import { request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect } from '../support/ws-client.js';
import { type CallFailure, callFailure, GrpcTestClient } from '../transport/grpc/client.js';

/*
 * Every operation, with every role, with none, and with tokens that are not known, over every API.
 * The input says nothing that could be done, so that a caller who may call is told so, or gets a
 * reading; only the refusals matter.
 */

/** As docs/access.md has it, written down apart from the code. */
const ALLOWED: Readonly<Record<Role, readonly Role[]>> = {
  viewer: ['viewer', 'sender', 'operator', 'admin'],
  sender: ['sender', 'operator', 'admin'],
  operator: ['operator', 'admin'],
  admin: ['admin'],
};

const NEEDED: Readonly<Record<string, Role>> = {
  'agents.deploy': 'operator',
  'agents.list': 'viewer',
  'agents.get': 'viewer',
  'agents.stop': 'operator',
  'agents.start': 'operator',
  'agents.remove': 'operator',
  'agents.logs': 'viewer',
  'agents.update': 'operator',
  'agents.reload': 'operator',
  'capabilities.list': 'viewer',
  'messages.send': 'sender',
  'messages.list': 'viewer',
  'messages.get': 'viewer',
  'conversations.get': 'viewer',
  'dead_letters.list': 'viewer',
  'dead_letters.retry': 'operator',
  'metrics.system': 'viewer',
  'metrics.agent': 'viewer',
  'system.status': 'viewer',
  'deployments.create': 'operator',
  'deployments.get': 'viewer',
  'deployments.rollback': 'operator',
  'deployments.list': 'viewer',
  'tasks.create': 'sender',
  'tasks.list': 'viewer',
  'tasks.get': 'viewer',
  'tasks.distribute': 'sender',
  'tasks.cancel': 'sender',
  'events.subscribe': 'sender',
};

/** Tokens that nobody has: never given out, another's cut short or with a sign more, and a hash. */
const STRANGERS = ['nobody', 'unknown', 'cut', 'longer', 'hash'] as const;
type Caller = Role | (typeof STRANGERS)[number];

const CALLERS: readonly Caller[] = [...STRANGERS, ...ROLES];
const UNAUTHENTICATED = 16;
const PERMISSION_DENIED = 7;

const tokens = new Map(ROLES.map((role) => [role, createToken()]));
const admin = tokens.get('admin')!;
const presented: Readonly<Record<Exclude<Caller, 'nobody'>, string>> = {
  ...(Object.fromEntries([...tokens].map(([role, { token }]) => [role, token])) as Record<
    Role,
    string
  >),
  unknown: createToken().token,
  cut: admin.token.slice(0, -1),
  longer: `${admin.token}A`,
  hash: admin.sha256,
};
let server: TestServer;

before(async () => {
  server = await startTestServer({
    tokens: ROLES.map((role) => ({ name: role, role, sha256: tokens.get(role)!.sha256 })),
  });
});
after(() => server?.close());

const headersOf = (caller: Caller): Record<string, string> =>
  caller === 'nobody' ? {} : { 'x-caxton-token': presented[caller] };

function expected(caller: Caller, operation: string): 'UNAUTHORIZED' | 'FORBIDDEN' | 'allowed' {
  if ((STRANGERS as readonly string[]).includes(caller)) return 'UNAUTHORIZED';
  return ALLOWED[NEEDED[operation]!].includes(caller as Role) ? 'allowed' : 'FORBIDDEN';
}

test('the table of needed roles names every operation', () => {
  const names = [...allOperations(), ...STREAM_OPERATIONS].map(({ name }) => name);
  assert.deepEqual(names.sort(), Object.keys(NEEDED).sort());
});

function outcome(code: string | undefined): string {
  return code === 'UNAUTHORIZED' || code === 'FORBIDDEN' ? code : 'allowed';
}

async function overRest({ rest }: Operation, caller: Caller): Promise<string> {
  const path = rest.path.replace(/\{\w+\}/g, 'no-such-thing');
  const body = rest.method === 'GET' || rest.method === 'DELETE' ? undefined : {};
  const answer = await request(`${server.url}${path}`, rest.method, body, headersOf(caller));
  const code = (answer.body as { error?: { code: string } })?.error?.code;
  const refusal = outcome(code);
  if (refusal === 'UNAUTHORIZED') assert.equal(answer.status, 401);
  else if (refusal === 'FORBIDDEN') assert.equal(answer.status, 403);
  else assert.ok(answer.status < 500, `${rest.path} answered ${answer.status}`);
  return refusal;
}

type Call = (client: GrpcTestClient, method: string) => Promise<unknown>;

const UNARY: Call = (client, method) => client.call(method);

/** Without requests, where many may come: whether a caller may begin is told before the first. */
const STREAMING: Readonly<Record<GrpcStream['kind'], Call>> = {
  client: (client, method) => client.sendAll(method, []),
  both: async (client, method) => {
    const { call, answers } = client.converse(method);
    call.end();
    throwFailure(await answers.end());
  },
  // Asks for nothing, which ends the call of a caller who may ask.
  server: async (client, method) => throwFailure(await client.subscribe(method).end()),
};

function throwFailure(failure: CallFailure | undefined): void {
  if (failure === undefined) return;
  const { status: code, message: details, metadata } = failure;
  throw Object.assign(new Error(details), { code, details, metadata });
}

async function overGrpc(call: Call, method: string, caller: Caller): Promise<string> {
  const client = new GrpcTestClient(server.grpcAddress, headersOf(caller));
  try {
    await call(client, method);
    return 'allowed';
  } catch (failure) {
    const { status, error } = callFailure(failure);
    const refusal = outcome(error?.code);
    if (refusal === 'UNAUTHORIZED') assert.equal(status, UNAUTHENTICATED);
    if (refusal === 'FORBIDDEN') assert.equal(status, PERMISSION_DENIED);
    return refusal;
  } finally {
    client.close();
  }
}

describe('over REST', () => {
  for (const operation of allOperations()) {
    test(`${operation.name} is for ${NEEDED[operation.name]} and those above`, async () => {
      for (const caller of CALLERS) {
        const refusal = await overRest(operation, caller);
        assert.equal(refusal, expected(caller, operation.name), caller);
      }
    });
  }

  test('the page for Prometheus is for viewers', async () => {
    for (const caller of CALLERS) {
      const { status } = await request(
        `${server.url}/metrics`,
        'GET',
        undefined,
        headersOf(caller),
      );
      assert.equal(status, expected(caller, 'metrics.system') === 'allowed' ? 200 : 401, caller);
    }
  });
});

describe('over gRPC', () => {
  const methods = [
    ...UNARY_METHODS.map((method) => ({ ...method, by: UNARY })),
    ...STREAMING_METHODS.map((method) => ({ ...method, by: STREAMING[method.kind] })),
  ];
  for (const { service, name, operation, by } of methods) {
    test(`${name} is for ${NEEDED[operation.name]} and those above`, async () => {
      for (const caller of CALLERS) {
        const refusal = await overGrpc(by, `${service}/${name}`, caller);
        assert.equal(refusal, expected(caller, operation.name), caller);
      }
    });
  }
});

describe('over WebSocket', () => {
  const frames: ReadonlyArray<readonly [string, string, object]> = [
    ['send', 'messages.send', { message: {} }],
    ['send', 'messages.send', { message: {}, wait: true }],
    ['subscribe', 'events.subscribe', { events: ['*'] }],
  ];
  for (const [type, name, fields] of frames) {
    test(`${type} ${JSON.stringify(fields)} is for ${NEEDED[name]} and those above`, async () => {
      for (const caller of ROLES) {
        const client = await connect(server.wsUrl, headersOf(caller));
        try {
          const { error } = await client.ask({ type, id: 1, ...fields });
          const { code } = (error ?? {}) as { code?: string };
          assert.equal(outcome(code), expected(caller, name), caller);
        } finally {
          await client.close();
        }
      }
    });
  }

  test('a claim of a name is for those who may send under it', async () => {
    const client = await connect(server.wsUrl, headersOf('viewer'));
    try {
      const { error } = await client.ask({ type: 'subscribe', id: 1, client_id: 'vic' });
      assert.equal((error as { code?: string } | undefined)?.code, 'FORBIDDEN');
    } finally {
      await client.close();
    }
  });

  test('nobody connects without a known token, in a header or the query', async () => {
    for (const caller of STRANGERS) {
      const headers = headersOf(caller);
      const query = `?token=${headers['x-caxton-token'] ?? ''}`;
      const refused = { code: 'UNAUTHORIZED' };
      await assert.rejects(connect(server.wsUrl, headers), refused, caller);
      await assert.rejects(connect(`${server.wsUrl}${query}`), refused, caller);
    }
  });
});

test('who only reads the history under a name makes it no receiver', async () => {
  const send = () => {
    const message = { performative: 'inform', receiver: 'absent', content: 1 };
    return request(`${server.url}/api/v1/messages`, 'POST', message, headersOf('sender'));
  };
  const read = (caller: Role) => {
    const url = `${server.url}/api/v1/messages?receiver=absent`;
    return request(url, 'GET', undefined, headersOf(caller));
  };
  assert.equal((await read('viewer')).status, 200);
  assert.equal((await send()).status, 404);
  assert.equal((await read('sender')).status, 200);
  assert.equal((await send()).status, 200);
});
