import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { CallContext, Operation } from '../../../src/api/operation.js';
import {
  createDeployment,
  getDeployment,
  listDeployments,
  rollbackDeployment,
} from '../../../src/api/operations/deployments.js';
import { agentNotFound } from '../../../src/base/errors.js';
import { Deployments } from '../../../src/runtime/deploy/deployments.js';
import { Updates } from '../../../src/runtime/deploy/updates.js';
import type { Runtime } from '../../../src/runtime/runtime.js';
import { FakeClock, FakeVersions, silent } from '../../runtime/deploy/support.js';
import { withStore } from '../../store/support.js';

const ajv = new Ajv2020({ strict: false });
ajv.addFormat('date-time', true);
ajv.addKeyword({ keyword: 'x-bytes', validate: (_: unknown, data: unknown) => data !== null });

const CONTEXT: CallContext = {
  principal: { name: 'tester', role: 'operator', agents: undefined },
  traceId: '',
  traceparent: '',
  idempotencyKey: '',
};

/** The canary that the API reference prints. */
const PRINTED = {
  agent_id: 'my-agent',
  wasm_module: new Uint8Array([0]),
  version: '2.0.0',
  strategy: {
    type: 'canary' as const,
    stages: [
      { percentage: 10, duration: '5m' },
      { percentage: 50, duration: '10m' },
      { percentage: 100, duration: '0' },
    ],
    rollback_on_error: true,
    error_threshold: 0.05,
  },
};

interface Bench {
  readonly clock: FakeClock;
  readonly versions: FakeVersions;
  call<Input, Output>(
    operation: Operation<Input, Output>,
    input: Input,
    context?: CallContext,
  ): Promise<Output>;
}

/** The real deployments and the real store; agents are names and versions are numbers. */
async function withBench(use: (bench: Bench) => Promise<void>): Promise<void> {
  await withStore(async (store) => {
    const clock = new FakeClock();
    const versions = new FakeVersions(1);
    const deployments = new Deployments({
      store,
      logger: silent,
      scheduler: clock,
      publish: () => {},
      versionControlFor: () => versions,
    });
    const updates = new Updates(deployments, {
      currentVersion: () => '1.0.0',
      plan: () => ({
        oldInstances: 1,
        newInstances: 1,
        prepare: async () => ({ moduleHash: 'ab'.repeat(32), config: {} }),
        discard: () => {},
      }),
    });
    const agent = { agentId: 'agent_1', config: { name: 'my-agent' } };
    const find = (name: string) => (/^(agent_1|my-agent)$/.test(name) ? agent : undefined);
    const get = (name: string) => {
      const found = find(name);
      if (found === undefined) throw agentNotFound(name);
      return found;
    };
    const runtime = { agents: { find, get }, deployments, updates } as unknown as Runtime;
    await use({
      clock,
      versions,
      call: async (operation, input, context = CONTEXT) => {
        assert.ok(ajv.validate(operation.input, input), ajv.errorsText());
        const output = await operation.run(runtime, input, context);
        assert.ok(ajv.validate(operation.output, output), ajv.errorsText());
        return output;
      },
    });
    deployments.stop();
  });
}

test('a deployment is created, watched and rolled back as the API reference prints it', async () => {
  await withBench(async ({ call, clock, versions }) => {
    const created = await call(createDeployment, PRINTED);
    assert.match(created.deployment_id, /^deploy_/);
    const { deployment_id } = created;
    assert.deepEqual(created, {
      deployment_id,
      status: 'initializing',
      created_at: '2024-01-15T10:30:00.000Z',
    });

    await clock.advance(300_000);
    versions.figuresNow = { messages: 250, failed: 5, latencyP99Ms: 125.5 };
    await clock.advance(1_000);
    assert.deepEqual(await call(getDeployment, { deployment_id }), {
      deployment_id,
      agent_id: 'agent_1',
      strategy: 'canary',
      status: 'in_progress',
      current_stage: 2,
      current_percentage: 50,
      from_version: '1.0.0',
      to_version: '2.0.0',
      created_at: '2024-01-15T10:30:00.000Z',
      created_by: 'tester',
      metrics: { success_rate: 0.98, error_count: 5, latency_p99: 125.5 },
      stages: [
        {
          stage: 1,
          percentage: 10,
          status: 'completed',
          started_at: '2024-01-15T10:30:00.000Z',
          completed_at: '2024-01-15T10:35:00.000Z',
        },
        {
          stage: 2,
          percentage: 50,
          status: 'in_progress',
          started_at: '2024-01-15T10:35:00.000Z',
        },
      ],
    });

    versions.held.add('rollBack');
    const reason = 'High error rate detected';
    assert.deepEqual(await call(rollbackDeployment, { deployment_id, reason }), {
      deployment_id,
      status: 'rolling_back',
      rollback_to_version: '1.0.0',
      estimated_completion: '2024-01-15T10:35:31.000Z',
    });
    await versions.release();
    const ended = await call(getDeployment, { deployment_id });
    assert.equal(ended.status, 'rolled_back');
    assert.equal(ended.reason, reason);
    assert.equal(ended.stages[1]!.status, 'rolled_back');
  });
});

test('a deployment without a strategy is immediate, with the next version', async () => {
  await withBench(async ({ call, clock }) => {
    const { agent_id, wasm_module } = PRINTED;
    const { deployment_id } = await call(createDeployment, { agent_id, wasm_module });
    await clock.advance(0);
    const shown = await call(getDeployment, { deployment_id });
    assert.equal(shown.strategy, 'immediate');
    assert.equal(shown.status, 'completed');
    assert.equal(shown.to_version, '1.1.0');
    assert.deepEqual(shown.metrics, { success_rate: 1, error_count: 0, latency_p99: 0 });
  });
});

test('deployments are listed by an agent’s name or id, page by page', async () => {
  await withBench(async ({ call, clock }) => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      const { agent_id, wasm_module } = PRINTED;
      ids.unshift((await call(createDeployment, { agent_id, wasm_module })).deployment_id);
      await clock.advance(1_000);
    }
    const page = await call(listDeployments, { agent_id: 'my-agent', limit: 2 });
    assert.deepEqual(
      page.deployments.map((each) => each.deployment_id),
      ids.slice(0, 2),
    );
    assert.equal(page.total, 3);
    assert.equal(page.next_offset, 2);
    const rest = await call(listDeployments, { agent_id: 'agent_1', limit: 2, offset: 2 });
    assert.equal(rest.deployments[0]!.deployment_id, ids[2]);
    assert.equal(rest.next_offset, undefined);
    assert.equal((await call(listDeployments, { status: 'failed' })).total, 0);
    assert.equal((await call(listDeployments, { agent_id: 'agent_removed' })).total, 0);
  });
});

test('a token that is restricted to other agents neither deploys nor rolls back', async () => {
  await withBench(async ({ call }) => {
    const agents = new Set(['another']);
    const restricted = { ...CONTEXT, principal: { ...CONTEXT.principal, agents } };
    await assert.rejects(call(createDeployment, PRINTED, restricted), { code: 'FORBIDDEN' });
    const { deployment_id } = await call(createDeployment, PRINTED);
    const input = { deployment_id };
    await assert.rejects(call(rollbackDeployment, input, restricted), { code: 'FORBIDDEN' });
    const own = { ...CONTEXT.principal, agents: new Set(['my-agent']) };
    await call(rollbackDeployment, input, { ...CONTEXT, principal: own });
  });
});

test('the schema refuses what no strategy could mean', () => {
  const valid = (strategy: object) =>
    ajv.validate(createDeployment.input, { ...PRINTED, strategy });
  assert.ok(valid({ type: 'blue_green', cleanup_delay: 0 }));
  assert.ok(!valid({ type: 'graceful' }));
  assert.ok(!valid({ type: 'rolling', batch_size: 0 }));
  assert.ok(!valid({ type: 'canary', error_threshold: 1.5 }));
  assert.ok(!valid({ type: 'canary', stages: [] }));
  assert.ok(!valid({ type: 'canary', unknown: true }));
});
