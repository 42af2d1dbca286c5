import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import type {
  CreateTaskOutput,
  DeployAgentOutput,
  DistributeTaskOutput,
  ListTasksOutput,
  Task,
} from '@caxton/sdk';
import { packageRoot } from '../../scripts/package-root.js';
import { eventually } from '../support/eventually.js';
import { ServeProcess } from './cli-process.js';

const BIDDER = join(packageRoot(import.meta.url), 'dist/agents/bidder.wasm');

let server: ServeProcess;
let agent: DeployAgentOutput;
before(async () => {
  server = await ServeProcess.start();
  agent = await server.json<DeployAgentOutput>(['agent', 'deploy', BIDDER, '--name', 'bidder']);
});
after(() => server.close());

const create = (...args: readonly string[]): Promise<CreateTaskOutput> =>
  server.json(['task', 'create', '--name', 'primes', ...args]);

test('a task is created, distributed and followed', async () => {
  const { task_id } = await create(
    ...['--description', 'count', '--data', '{"size":20}', '--participants', 'bidder'],
    ...['--capabilities', 'data_processing', '--min-score', '0.5', '--timeout', '90s'],
  );
  const shown = await server.json<Task>(['task', 'status', task_id]);
  assert.equal(shown.timeout_seconds, 90);
  assert.deepEqual(shown.participants, ['bidder']);
  assert.deepEqual(shown.requirements, {
    capabilities: ['data_processing'],
    min_performance_score: 0.5,
  });
  const answer = await server.json<DistributeTaskOutput>([
    ...['task', 'distribute', task_id, '--strategy', 'lowest_cost', '--max-wait', '20s'],
  ]);
  assert.equal(answer.assigned_to, agent.agent_id);
  assert.equal(answer.winning_bid.cost, 20);
  const text = await eventually('the task is completed', async () => {
    const { stdout } = await server.run(['task', 'status', task_id]);
    return /^status +completed$/m.test(stdout) && stdout;
  });
  assert.match(text, /^progress +100 %$/m);
  assert.match(text, /^result +\{"result":"done","primes":8,"up_to":20\}$/m);
  assert.match(text, new RegExp(`^${agent.agent_id} +completed `, 'm'));
});

test('tasks are listed and cancelled', async () => {
  const { task_id } = await create('--participants', 'bidder');
  const cancelled = await server.run(['task', 'cancel', task_id, '--reason', 'no need']);
  assert.equal(cancelled.code, 0);
  assert.match(cancelled.stdout, /^status +cancelled$/m);
  const page = await server.json<ListTasksOutput>(['task', 'list', '--status', 'cancelled']);
  assert.deepEqual(
    page.tasks.map((task) => task.task_id),
    [task_id],
  );
  const { stdout } = await server.run(['task', 'list', '--limit', '1']);
  assert.match(stdout, /^primes +cancelled +0 % /m);
  const again = await server.run(['task', 'distribute', task_id]);
  assert.equal(again.code, 1);
  assert.match(again.stderr, /^error CONFLICT: /);
});

test('wrong values are refused before the server is asked', async () => {
  const { code, stderr } = await server.run(['task', 'create', '--name', 'x', '--min-score', '7']);
  assert.equal(code, 2);
  assert.match(stderr, /from 0 to 1/);
});
