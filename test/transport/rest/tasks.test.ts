import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../../src/base/limits.js';
import { eventually } from '../../support/eventually.js';
import { sampleAgent } from '../../support/guests.js';
import { bidder, participant } from '../../support/participant.js';
import { call, deployForm, request } from '../../support/rest-client.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { connect } from '../../support/ws-client.js';

const RFC3339_MS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let server: TestServer;
let url: string;
const ids: Record<string, string> = {};
before(async () => {
  server = await startTestServer();
  url = `${server.url}/api/v1/tasks`;
  const speeds = { agent_1: '5', agent_2: '50', agent_3: '1' };
  for (const [name, speed] of Object.entries(speeds)) {
    ids[name] = await deploy(sampleAgent('bidder'), { name, environment: { speed } });
  }
  const subtasks = [
    { id: 'subtask_001', status: 'completed' },
    { id: 'subtask_002', status: 'in_progress' },
  ];
  const progress = {
    performative: 'inform',
    content: { progress: 0.65, subtasks, partial: true },
  };
  const script = bidder({ estimated_time: 45, confidence: 0.95 }, progress);
  ids.working = await deploy(await participant(script), { name: 'working' });
});
after(() => server?.close());

async function deploy(module: Uint8Array<ArrayBuffer>, config: object): Promise<string> {
  const form = deployForm(module, config);
  return (await call<{ agent_id: string }>(`${server.url}/api/v1/agents`, 'POST', form)).agent_id;
}

interface Fields {
  readonly task_id: string;
  readonly status: string;
  readonly [field: string]: unknown;
}

const create = (fields: object): Promise<Fields> => call(url, 'POST', { name: 't', ...fields });
const distribute = (id: string, fields: object = {}): Promise<Fields> =>
  call(`${url}/${id}/distribute`, 'POST', fields);
const get = (id: string): Promise<Fields> => call(`${url}/${id}`, 'GET');
const until = (id: string, status: string): Promise<Fields> =>
  eventually(`the task is ${status}`, async () => {
    const task = await get(id);
    return task.status === status && task;
  });

test('the task of the reference is created, distributed and shown with its fields', async () => {
  const answer = await request(url, 'POST', {
    name: 'process_data',
    description: 'Process customer data batch',
    data: { size: 10 },
    protocol: 'contract_net',
    participants: ['agent_1', 'agent_2', 'agent_3'],
    timeout_seconds: 300,
    requirements: { capabilities: ['data_processing'], min_performance_score: 0.8 },
  });
  assert.equal(answer.status, 201);
  const { task_id, created_at, ...created } = answer.body as Fields;
  assert.match(task_id, /^task_/);
  assert.match(String(created_at), RFC3339_MS);
  assert.deepEqual(created, { status: 'created' });
  const distributed = await distribute(task_id, { strategy: 'best_bid', max_wait_seconds: 30 });
  assert.deepEqual(distributed, {
    task_id,
    status: 'distributed',
    assigned_to: ids.agent_2,
    proposals_received: 3,
    // Ten units at fifty a second: the sample agent reads the size in the task's data.
    winning_bid: { agent_id: ids.agent_2, estimated_time: 0.2, cost: 10, confidence: 0.9 },
  });
  const done = await until(task_id, 'completed');
  assert.deepEqual(done.result, { result: 'done', primes: 4, up_to: 10 });
  const { body } = await request(
    `${server.url}/api/v1/messages/${String(done.result_message_id)}`,
    'GET',
  );
  assert.equal((body as Fields).performative, 'inform');
});

test('a task in progress shows what the reference shows', async () => {
  const { task_id } = await create({ participants: ['working'] });
  await distribute(task_id);
  const task = await eventually('there is progress', async () => {
    const shown = await get(task_id);
    return shown.progress !== 0 && shown;
  });
  assert.equal(task.status, 'in_progress');
  assert.equal(task.assigned_to, ids.working);
  assert.equal(task.progress, 0.65);
  assert.deepEqual(task.subtasks, [
    { id: 'subtask_001', status: 'completed' },
    { id: 'subtask_002', status: 'in_progress' },
  ]);
  const started = Date.parse(String(task.started_at));
  assert.equal(Date.parse(String(task.estimated_completion)) - started, 45_000);
  const cancelled = await call<Fields>(`${url}/${task_id}/cancel`, 'POST', { reason: 'late' });
  assert.equal(cancelled.status, 'cancelled');
  assert.match(String(cancelled.cancelled_at), RFC3339_MS);
  assert.deepEqual(await call(`${url}/${task_id}/cancel`, 'POST'), cancelled);
  const failure = await request(`${url}/${task_id}/distribute`, 'POST', {});
  assert.equal(failure.status, 409);
  assert.match(failure.text, /is cancelled and can't be distributed/);
});

test('a WebSocket client takes part in a contract net, and wins it', async () => {
  const client = await connect(server.wsUrl);
  try {
    await client.ask({ type: 'subscribe', id: 1, client_id: 'ann' });
    await client.ask({ type: 'subscribe', id: 2, events: ['task.completed'] });
    const { task_id } = await create({ participants: ['ann', 'agent_1'], data: { size: 50 } });
    const awarded = distribute(task_id, { strategy: 'lowest_cost' });
    const messageOf = async (performative: string): Promise<Fields> => {
      const frame = await client.take(performative, (each) => {
        return (each.message as Fields | undefined)?.performative === performative;
      });
      return frame.message as Fields;
    };
    const call = await messageOf('cfp');
    assert.equal(call.sender, task_id);
    assert.deepEqual((call.content as Fields).data, { size: 50 });
    const answer = (to: Fields, performative: string, content: unknown) =>
      client.ask({
        type: 'send',
        id: performative,
        message: {
          performative,
          sender: 'ann',
          receiver: task_id,
          conversation_id: to.conversation_id,
          in_reply_to: to.reply_with,
          content,
        },
      });
    await answer(call, 'propose', { estimated_time: 600, cost: 0.5 });
    assert.equal((await awarded).assigned_to, 'ann');
    await answer(await messageOf('accept-proposal'), 'inform', 'by hand');
    const { type, agent_id, result, ...event } = await client.takeType('task.completed');
    assert.deepEqual(
      [type, event.task_id, agent_id, result],
      ['task.completed', task_id, 'ann', 'success'],
    );
    assert.equal((await get(task_id)).result, 'by hand');
    // Nobody passes for the server.
    const claim = await client.ask({ type: 'subscribe', id: 3, client_id: task_id });
    assert.equal((claim.error as Fields).code, 'FORBIDDEN');
    const forged = await client.ask({
      type: 'send',
      id: 4,
      message: { performative: 'inform', sender: task_id, receiver: 'agent_1' },
    });
    assert.equal((forged.error as Fields).code, 'FORBIDDEN');
  } finally {
    await client.close();
  }
});

test('tasks are listed newest first, by status, in pages', async () => {
  const made: string[] = [];
  for (let i = 0; i < 5; i++) made.unshift((await create({ participants: ['agent_1'] })).task_id);
  await call(`${url}/${made[4]}/cancel`, 'POST');
  interface Page {
    readonly tasks: readonly Fields[];
    readonly total: number;
    readonly next_cursor?: string;
  }
  const first = await call<Page>(`${url}?status=created&limit=3`, 'GET');
  assert.deepEqual(
    first.tasks.map((task) => task.task_id),
    made.slice(0, 3),
  );
  const second = await call<Page>(
    `${url}?status=created&limit=3&cursor=${first.next_cursor}`,
    'GET',
  );
  assert.equal(second.tasks[0]!.task_id, made[3]);
  assert.ok(!second.tasks.some((task) => task.task_id === made[4]));
  assert.equal(second.total, first.total);
  assert.equal(second.next_cursor, undefined);
});

test('what can’t be a task is refused with the field, and nothing is created', async () => {
  const { total } = await call<{ total: number }>(url, 'GET');
  const participants = ['agent_1'];
  const deep = JSON.parse('['.repeat(128) + ']'.repeat(128)) as unknown;
  const cases: ReadonlyArray<readonly [fields: object, field: string]> = [
    [{ name: '', participants }, 'name'],
    [{ name: 'x' }, 'participants'],
    [{ name: 'x', requirements: { capabilities: [] } }, 'participants'],
    [{ name: 'x', participants: [] }, 'participants'],
    [{ name: 'x', participants: ['broadcast:all'] }, 'participants'],
    [{ name: 'x', participants: ['ü'.repeat(200)] }, 'participants'],
    [{ name: 'x', participants, timeout_seconds: 0 }, 'timeout_seconds'],
    [{ name: 'x', participants, timeout_seconds: 1e9 }, 'timeout_seconds'],
    [{ name: 'x', participants, protocol: 'english_auction' }, 'protocol'],
    [{ name: 'x', participants, unknown: 1 }, 'unknown'],
    [{ name: 'x', participants, data: deep }, 'data'],
    [{ name: 'x', participants, data: 'x'.repeat(LIMITS.task_data_bytes) }, 'data'],
    [
      { name: 'x', participants, requirements: { min_performance_score: 2 } },
      'requirements.min_performance_score',
    ],
  ];
  for (const [fields, field] of cases) {
    const answer = await request(url, 'POST', fields);
    assert.equal(answer.status, 400, answer.text);
    const { error } = answer.body as { error: { details: Fields } };
    assert.equal(error.details.field, field, answer.text);
  }
  assert.equal((await call<{ total: number }>(url, 'GET')).total, total);
});

test('errors of a distribution name the task and its state', async () => {
  const missing = `task_${'0'.repeat(26)}`;
  for (const [method, path] of [
    ['GET', ''],
    ['POST', '/distribute'],
    ['POST', '/cancel'],
  ] as const) {
    const answer = await request(`${url}/${missing}${path}`, method);
    assert.equal(answer.status, 404);
    assert.match(answer.text, /"NOT_FOUND"/);
  }
  const { task_id } = await create({ participants: ['nobody'] });
  const nobody = await request(`${url}/${task_id}/distribute`, 'POST', {});
  assert.equal(nobody.status, 404);
  assert.match(nobody.text, /"AGENT_NOT_FOUND"/);
  const strategy = await request(`${url}/${task_id}/distribute`, 'POST', { strategy: 'worst' });
  assert.equal(strategy.status, 400);
  const cursor = await request(`${url}?cursor=task_1`, 'GET');
  assert.equal(cursor.status, 400);
  const big = await create({
    participants: Array.from({ length: 100 }, (_, i) => (i === 0 ? 'agent_1' : `none_${i}`)),
    data: 'x'.repeat(200_000),
  });
  const tooMuch = await request(`${url}/${big.task_id}/distribute`, 'POST', {});
  assert.equal(tooMuch.status, 429);
  assert.match(tooMuch.text, /task_calls_bytes/);
  assert.equal((await get(big.task_id)).status, 'created');
});
