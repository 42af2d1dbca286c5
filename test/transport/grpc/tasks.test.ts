import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../../support/eventually.js';
import { sampleAgent } from '../../support/guests.js';
import { bidder, participant } from '../../support/participant.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { GrpcTestClient } from './client.js';

interface Timestamp {
  readonly seconds: number;
}

interface TaskAnswer {
  readonly task_id: string;
  readonly status: string;
  readonly progress: number;
  readonly started_at: Timestamp | null;
  readonly [field: string]: unknown;
}

let server: TestServer;
let client: GrpcTestClient;
let bidderId: string;
before(async () => {
  server = await startTestServer();
  client = new GrpcTestClient(server.grpcAddress);
  bidderId = await deploy('bidder', sampleAgent('bidder'));
  const progress = {
    performative: 'inform',
    content: { progress: 0.5, subtasks: [{ id: 'a', status: 'open' }] },
  };
  await deploy('working', await participant(bidder({ estimated_time: 45 }, progress)));
});
after(async () => {
  client?.close();
  await server?.close();
});

async function deploy(name: string, module: Uint8Array): Promise<string> {
  const request = { wasm_module: module, config: { name } };
  return (await client.call<{ agent_id: string }>('AgentService/DeployAgent', request)).agent_id;
}

const create = (fields: object): Promise<TaskAnswer> =>
  client.call('TaskService/CreateTask', { name: 'process_data', ...fields });

test('a task is created, distributed and read over gRPC', async () => {
  const created = await create({
    description: 'Process customer data batch',
    data: { structValue: { fields: { size: { numberValue: 10 } } } },
    protocol: 'contract_net',
    timeout_seconds: 300,
    requirements: { capabilities: ['data_processing'], min_performance_score: 0.8 },
  });
  assert.equal(created.status, 'created');
  assert.ok((created.created_at as Timestamp).seconds > 0);
  const { task_id } = created;
  const { winning_bid, ...distributed } = await client.call<TaskAnswer>(
    'TaskService/DistributeTask',
    { task_id, strategy: 'best_bid', max_wait_seconds: 30 },
  );
  assert.deepEqual(distributed, {
    task_id,
    status: 'distributed',
    assigned_to: bidderId,
    proposals_received: 1,
  });
  assert.deepEqual(winning_bid, {
    agent_id: bidderId,
    estimated_time: 1,
    cost: 10,
    confidence: 0.9,
  });
  const task = await eventually('the task is completed', async () => {
    const shown = await client.call<TaskAnswer>('TaskService/GetTask', { task_id });
    return shown.status === 'completed' && shown;
  });
  assert.equal(task.assigned_to, bidderId);
  assert.deepEqual((task.result as { structValue: object }).structValue, {
    fields: {
      result: { stringValue: 'done' },
      primes: { numberValue: 4 },
      up_to: { numberValue: 10 },
    },
  });
  assert.equal((task.attempts as readonly TaskAnswer[])[0]!.outcome, 'completed');
});

test('a task in progress is shown, listed and cancelled', async () => {
  const { task_id } = await create({ participants: ['working'] });
  await client.call('TaskService/DistributeTask', { task_id });
  const task = await eventually('there is progress', async () => {
    const shown = await client.call<TaskAnswer>('TaskService/GetTask', { task_id });
    return shown.progress === 0.5 && shown;
  });
  assert.deepEqual(task.subtasks, [{ id: 'a', status: 'open' }]);
  const completion = task.estimated_completion as Timestamp;
  assert.equal(completion.seconds - task.started_at!.seconds, 45);
  const page = await client.call<{ tasks: readonly TaskAnswer[]; total: number }>(
    'TaskService/ListTasks',
    { status: 'in_progress', limit: 1 },
  );
  assert.equal(page.total, 1);
  assert.equal(page.tasks[0]!.task_id, task_id);
  const cancelled = await client.call<TaskAnswer>('TaskService/CancelTask', { task_id });
  assert.equal(cancelled.status, 'cancelled');
});

test('errors are those of REST', async () => {
  const nothing = await client.failure('TaskService/CreateTask', { name: 'x' });
  assert.equal(nothing.error?.code, 'INVALID_REQUEST');
  assert.equal(nothing.error?.details.field, 'participants');
  const unknown = await client.failure('TaskService/GetTask', { task_id: 'task_1' });
  assert.equal(unknown.error?.code, 'NOT_FOUND');
  const { task_id } = await create({ participants: ['bidder'] });
  await client.call('TaskService/CancelTask', { task_id });
  const late = await client.failure('TaskService/DistributeTask', { task_id });
  assert.equal(late.status, 9);
  assert.deepEqual(late.error?.details, { task_id, status: 'cancelled' });
});
