import assert from 'node:assert/strict';
import { test } from 'node:test';
import type protobuf from 'protobufjs';
import type { Api } from '../../../../src/api/api.js';
import { OPERATIONS } from '../../../../src/api/operations.js';
import { Codecs } from '../../../../src/transport/grpc/codec.js';
import { deploymentMethods } from '../../../../src/transport/grpc/methods/deployments.js';
import { parseProtos } from '../../../../src/transport/grpc/protos.js';

const root = parseProtos().resolveAll();
const codecs = new Codecs();

/** Takes one call from bytes to bytes, with an answer in place of the operation's. */
async function callWith(name: string, request: object, answer: object) {
  const method = deploymentMethods.find((each) => each.name === name)!;
  const { requestType, responseType } = root.lookupService('caxton.v1.DeploymentService').methods[
    name
  ] as protobuf.Method;
  const codec = codecs.of('DeploymentService', name);
  const type = root.lookupType(`caxton.v1.${requestType}`);
  const bytes = type.encode(type.fromObject(request)).finish();
  let asked: unknown;
  const api = {
    perform: (operation: unknown, input: unknown) => {
      asked = { operation, input };
      return answer;
    },
  } as unknown as Api;
  const context = {} as Parameters<typeof method.call>[2];
  const fields = await method.call(api, codec.decodeRequest(bytes), context, { remainingMs: 1 });
  const response = root.lookupType(`caxton.v1.${responseType}`);
  return {
    asked: asked as { operation: unknown; input: unknown },
    response: response.toObject(response.decode(codec.encodeResponse(fields)), { longs: Number }),
  };
}

const AT = '2024-01-15T10:30:00.000Z';
const SECONDS = { seconds: Date.parse(AT) / 1_000 };

test('CreateDeployment passes the strategy on as it was written', async () => {
  const strategy = {
    type: 'canary',
    stages: [
      { percentage: 10, duration: '5m' },
      { percentage: 100, duration: '0' },
    ],
    rollback_on_error: false,
    error_threshold: 0,
  };
  const request = { agent_id: 'my-agent', wasm_module: Buffer.from([1, 2]), strategy };
  const answer = { deployment_id: 'deploy_1', status: 'initializing', created_at: AT };
  const { asked, response } = await callWith('CreateDeployment', request, answer);
  assert.equal(asked.operation, OPERATIONS.createDeployment);
  assert.deepEqual(asked.input, { ...request, wasm_module: Buffer.from([1, 2]) });
  assert.deepEqual(response, {
    deployment_id: 'deploy_1',
    status: 'initializing',
    created_at: SECONDS,
  });
});

const DEPLOYMENT = {
  deployment_id: 'deploy_1',
  agent_id: 'agent_1',
  strategy: 'canary',
  status: 'rolled_back',
  current_stage: 2,
  current_percentage: 50,
  from_version: '1.0.0',
  to_version: '2.0.0',
  created_at: AT,
  created_by: 'tester',
  metrics: { success_rate: 0.98, error_count: 5, latency_p99: 125.5 },
  stages: [
    { stage: 1, percentage: 10, status: 'completed', started_at: AT, completed_at: AT },
    { stage: 2, percentage: 50, status: 'in_progress', started_at: AT },
  ],
  reason: 'too slow',
};
const SHOWN = {
  ...DEPLOYMENT,
  created_at: SECONDS,
  stages: [
    { ...DEPLOYMENT.stages[0], started_at: SECONDS, completed_at: SECONDS },
    { ...DEPLOYMENT.stages[1], started_at: SECONDS },
  ],
};

test('GetDeployment and ListDeployments show every field', async () => {
  const one = await callWith('GetDeployment', { deployment_id: 'deploy_1' }, DEPLOYMENT);
  assert.deepEqual(one.response, SHOWN);
  const page = { deployments: [DEPLOYMENT], total: 3, next_offset: 1 };
  const query = { agent_id: 'my-agent', status: 'failed', limit: 1 };
  const listed = await callWith('ListDeployments', query, page);
  assert.deepEqual(listed.asked.input, query);
  assert.deepEqual(listed.response, { deployments: [SHOWN], total: 3, next_offset: 1 });
});

test('RollbackDeployment says when it is done at the latest', async () => {
  const { response } = await callWith(
    'RollbackDeployment',
    { deployment_id: 'deploy_1', reason: 'too slow' },
    {
      deployment_id: 'deploy_1',
      status: 'rolling_back',
      rollback_to_version: '1.0.0',
      estimated_completion: AT,
    },
  );
  assert.deepEqual(response, {
    deployment_id: 'deploy_1',
    status: 'rolling_back',
    rollback_to_version: '1.0.0',
    estimated_completion: SECONDS,
  });
});
