import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Operation } from '../../src/api/operation.js';
import { allOperations } from '../../src/api/operations.js';
import { createToken } from '../../src/config/tokens.js';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { call, deployForm, type RestAnswer, request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect } from '../support/ws-client.js';
import { callFailure, GrpcTestClient } from '../transport/grpc/client.js';

/*
 * Every operation, asked for what belongs to another agent by a token that is bound to one. What is
 * another's is marked, and no mark that the caller doesn't know already may be in any answer.
 */

const CONTENT = 'hidden-content';
const CAPABILITY = 'hidden-capability';
const TASK = 'hidden-task';
const AGENT = 'hidden-agent';
const CONVERSATION = 'conv-of-hidden';

const boss = createToken();
const bound = createToken();
const asBoss = { 'x-caxton-token': boss.token };
const asBound = { 'x-caxton-token': bound.token };

let server: TestServer;
let base: string;
const hidden = { agent: '', message: '', deployment: '', task: '' };

before(async () => {
  server = await startTestServer({
    tokens: [
      { name: 'boss', role: 'admin', sha256: boss.sha256 },
      { name: 'bound', role: 'admin', sha256: bound.sha256, agents: ['mine'] },
    ],
  });
  base = `${server.url}/api/v1`;
  await deploy(sampleAgent('echo'), { name: 'mine' });
  hidden.agent = await deploy(await guest('returns-nonzero'), {
    name: AGENT,
    capabilities: [CAPABILITY],
  });
  const message = {
    performative: 'request',
    sender: 'hidden-client',
    receiver: AGENT,
    conversation_id: CONVERSATION,
    content: CONTENT,
  };
  const sent = await call<{ message_id: string }>(`${base}/messages`, 'POST', message, asBoss);
  hidden.message = sent.message_id;
  await eventually('a dead letter', async () => {
    const letters = await call<{ total: number }>(`${base}/dead-letters`, 'GET', undefined, asBoss);
    return letters.total > 0;
  });
  const change = { config: { environment: { A: '1' } } };
  const { deployment_id } = await call<{ deployment_id: string }>(
    `${base}/agents/${AGENT}`,
    'PUT',
    change,
    asBoss,
  );
  hidden.deployment = deployment_id;
  const task = { name: TASK, participants: [AGENT] };
  const { task_id } = await call<{ task_id: string }>(`${base}/tasks`, 'POST', task, asBoss);
  hidden.task = task_id;
});
after(() => server?.close());

async function deploy(module: Uint8Array<ArrayBuffer>, config: object): Promise<string> {
  const form = deployForm(module, config);
  return (await call<{ agent_id: string }>(`${base}/agents`, 'POST', form, asBoss)).agent_id;
}

type Fields = Record<string, unknown>;
type Outcome = 'FORBIDDEN' | 'NOT_FOUND' | 'shows no other';

interface Case {
  readonly input: () => Fields;
  readonly outcome: Outcome;
}

const forbidden = (input: () => Fields): Case => ({ input, outcome: 'FORBIDDEN' });
const hides = (input: () => Fields = () => ({})): Case => ({ input, outcome: 'shows no other' });
const message = (fields: Fields): Fields => ({ performative: 'inform', content: {}, ...fields });
const module = () => sampleAgent('echo');

const CASES: Readonly<Record<string, readonly Case[]>> = {
  'agents.deploy': [
    forbidden(() => ({ wasm_module: module(), config: { name: AGENT } })),
    forbidden(() => ({ wasm_module: module(), config: { name: 'new' } })),
  ],
  'agents.list': [hides(), hides(() => ({ limit: 500 }))],
  'agents.get': [
    forbidden(() => ({ agent_id: AGENT })),
    forbidden(() => ({ agent_id: hidden.agent })),
  ],
  'agents.stop': [forbidden(() => ({ agent_id: hidden.agent }))],
  'agents.start': [forbidden(() => ({ agent_id: hidden.agent }))],
  'agents.remove': [forbidden(() => ({ agent_id: hidden.agent }))],
  'agents.logs': [forbidden(() => ({ agent_id: hidden.agent }))],
  'agents.update': [forbidden(() => ({ agent_id: hidden.agent, wasm_module: module() }))],
  'agents.reload': [forbidden(() => ({ agent_id: hidden.agent, wasm_module: module() }))],
  'capabilities.list': [hides()],
  'messages.send': [
    forbidden(() => message({ receiver: AGENT })),
    forbidden(() => message({ receiver: hidden.agent })),
    forbidden(() => message({ receiver: `capability:${CAPABILITY}` })),
    forbidden(() => message({ receiver: `broadcast:${CAPABILITY}` })),
    forbidden(() => message({ receiver: 'hidden-client' })),
    forbidden(() => message({ receiver: 'mine', sender: 'boss' })),
    forbidden(() => message({ receiver: 'mine', sender: AGENT })),
  ],
  'messages.list': [
    forbidden(() => ({})),
    forbidden(() => ({ agent: AGENT })),
    forbidden(() => ({ sender: hidden.agent })),
    forbidden(() => ({ receiver: AGENT })),
    forbidden(() => ({ conversation_id: CONVERSATION })),
    hides(() => ({ agent: 'mine', conversation_id: CONVERSATION })),
    hides(() => ({ agent: 'mine', receiver: AGENT })),
    hides(() => ({ receiver: 'mine', sender: 'hidden-client' })),
  ],
  'messages.get': [forbidden(() => ({ message_id: hidden.message }))],
  'conversations.get': [{ input: () => ({ conversation_id: CONVERSATION }), outcome: 'NOT_FOUND' }],
  'dead_letters.list': [forbidden(() => ({})), forbidden(() => ({ agent: hidden.agent }))],
  'dead_letters.retry': [forbidden(() => ({ message_id: hidden.message }))],
  'metrics.system': [hides()],
  'metrics.agent': [forbidden(() => ({ agent_id: hidden.agent }))],
  'system.status': [hides()],
  'deployments.create': [forbidden(() => ({ agent_id: hidden.agent, wasm_module: module() }))],
  'deployments.get': [forbidden(() => ({ deployment_id: hidden.deployment }))],
  'deployments.rollback': [forbidden(() => ({ deployment_id: hidden.deployment }))],
  'deployments.list': [forbidden(() => ({})), forbidden(() => ({ agent_id: AGENT }))],
  'tasks.create': [forbidden(() => ({ name: 'x', participants: ['mine', AGENT] }))],
  'tasks.list': [hides()],
  'tasks.get': [forbidden(() => ({ task_id: hidden.task }))],
  'tasks.distribute': [forbidden(() => ({ task_id: hidden.task }))],
  'tasks.cancel': [forbidden(() => ({ task_id: hidden.task }))],
};

test('the table names every operation', () => {
  const names = allOperations().map(({ name }) => name);
  assert.deepEqual(names.sort(), Object.keys(CASES).sort());
});

interface Answer {
  readonly code: string | undefined;
  readonly text: string;
}

function answerOf({ status, body, text }: RestAnswer): Answer {
  const { error } = (body ?? {}) as { error?: { code: string } };
  assert.ok(status < 500, text);
  return { code: error?.code, text };
}

async function overRest({ rest }: Operation, input: Fields): Promise<Answer> {
  const rest_ = { ...input };
  const take = (name: string): string => {
    const value = rest_[name];
    delete rest_[name];
    return encodeURIComponent(String(value));
  };
  const path = rest.path.replace(/\{(\w+)\}/g, (_, name: string) => take(name));
  const query = (rest.query ?? []).filter((name) => name in rest_);
  const search = query.map((name) => `${name}=${take(name)}`).join('&');
  if (rest.file !== undefined && rest_[rest.file] !== undefined) {
    rest_[rest.file] = Buffer.from(rest_[rest.file] as Uint8Array).toString('base64');
  }
  const hasBody = rest.method === 'POST' || rest.method === 'PUT';
  const url = `${server.url}${path}?${search}`;
  return answerOf(await request(url, rest.method, hasBody ? rest_ : undefined, asBound));
}

async function overGrpc({ name, grpc }: Operation, input: Fields): Promise<Answer> {
  const client = new GrpcTestClient(server.grpcAddress, asBound);
  const fields = name === 'messages.send' ? { message: { ...input, content: undefined } } : input;
  try {
    const answer = await client.call(`${grpc!.service}/${grpc!.methods[0]}`, fields);
    return { code: undefined, text: JSON.stringify(answer) };
  } catch (failure) {
    const { error } = callFailure(failure);
    return { code: error?.code, text: JSON.stringify(error) };
  } finally {
    client.close();
  }
}

/** Marks of the other agent that the caller doesn't name itself. */
function assertHidden(text: string, input: Fields): void {
  const known = JSON.stringify(input);
  for (const mark of [...Object.values(hidden), CONTENT, CAPABILITY, TASK, AGENT, CONVERSATION]) {
    if (!known.includes(mark)) assert.ok(!text.includes(mark), `${mark} is in ${text}`);
  }
}

for (const [api, ask] of Object.entries({ REST: overRest, gRPC: overGrpc })) {
  describe(`over ${api} a token that is bound to one agent gets nothing of another`, () => {
    for (const operation of allOperations()) {
      test(operation.name, async () => {
        for (const { input, outcome } of CASES[operation.name]!) {
          const fields = input();
          const { code, text } = await ask(operation as Operation, fields);
          assert.equal(code ?? 'shows no other', outcome, `${JSON.stringify(fields)}: ${text}`);
          assertHidden(text, fields);
        }
      });
    }
  });
}

test('the page for Prometheus has figures of the whole server, and names no agent', async () => {
  const { status, text } = await request(`${server.url}/metrics`, 'GET', undefined, asBound);
  assert.equal(status, 200);
  assertHidden(text, {});
});

test('over WebSocket a bound token sends to no other agent and subscribes to none', async () => {
  const client = await connect(server.wsUrl, asBound);
  try {
    for (const [type, fields] of [
      ['send', { message: message({ receiver: AGENT }) }],
      ['send', { message: message({ receiver: `capability:${CAPABILITY}` }), wait: true }],
      ['subscribe', { filter: { agents: [AGENT] } }],
      ['subscribe', { filter: { agents: ['mine', hidden.agent] } }],
      ['subscribe', { events: ['*'], filters: { agent_ids: [hidden.agent] } }],
    ] as const) {
      const { error } = await client.ask({ type, id: type, ...fields });
      const told = JSON.stringify(fields);
      assert.equal((error as { code?: string } | undefined)?.code, 'FORBIDDEN', told);
    }
    // Everything, from the first event that is kept.
    const all = { events: ['*'], filter: {}, resume_from: 0 };
    await client.ask({ type: 'subscribe', id: 'all', ...all });
    const own = { type: 'send', id: 'own', message: message({ receiver: 'mine' }) };
    await client.ask(own);
    await client.take('a message of its own', ({ type }) => type === 'message');
    assertHidden(JSON.stringify(client.received), {});
  } finally {
    await client.close();
  }
});

test('under its idempotency key nobody gets the answer to another token', async () => {
  const ask = (headers: Record<string, string>) =>
    call<{ message_id: string }>(
      `${base}/messages?wait=true`,
      'POST',
      { performative: 'request', sender: 'someone', receiver: 'mine', content: 1 },
      { ...headers, 'idempotency-key': 'guessed' },
    );
  const first = await ask(asBoss);
  assert.equal((await ask(asBoss)).message_id, first.message_id);
  assert.notEqual((await ask(asBound)).message_id, first.message_id);
});
