import Type, { type Static } from 'typebox';
import { rfc3339 } from '../../base/clock.js';
import { LIMITS } from '../../base/limits.js';
import {
  DEPLOYMENT_STRATEGIES,
  RELOAD_STRATEGIES,
  type StrategyName,
} from '../../runtime/deploy/plan.js';
import {
  DEPLOYMENT_STATUSES,
  type DeploymentState,
  messagesSeen,
} from '../../runtime/deploy/state.js';
import type { Runtime } from '../../runtime/runtime.js';
import { AgentScope } from '../agent-scope.js';
import { checkAgentAllowed } from '../auth.js';
import { defineOperation, type Principal } from '../operation.js';
import { AgentIdInput, Bytes, Offset, PageLimit, Timestamp } from '../schemas.js';
import { DeploymentStrategyInput } from '../strategy-input.js';

const service = 'DeploymentService';

const DeploymentIdInput = Type.String({ minLength: 1, maxLength: LIMITS.field_bytes });
const Status = Type.Enum([...DEPLOYMENT_STATUSES]);
const strategies: readonly StrategyName[] = [
  ...new Set([...DEPLOYMENT_STRATEGIES, ...RELOAD_STRATEGIES]),
];

const CreateInput = Type.Object(
  {
    agent_id: AgentIdInput,
    wasm_module: Bytes,
    version: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
    strategy: Type.Optional(DeploymentStrategyInput),
  },
  { additionalProperties: false },
);

const CreateOutput = Type.Object({
  deployment_id: Type.String(),
  status: Status,
  created_at: Timestamp,
});

function checkOwner(
  runtime: Runtime,
  principal: Principal,
  { agentId, deploymentId }: { readonly agentId: string; readonly deploymentId: string },
): void {
  const agent = runtime.agents.find(agentId);
  checkAgentAllowed(principal, agentId, agent, { deployment_id: deploymentId });
}

export const createDeployment = defineOperation({
  name: 'deployments.create',
  summary: 'Begins to replace the version of an agent by a strategy',
  role: 'operator',
  rateClass: 'deployment',
  rest: { method: 'POST', path: '/api/v1/deployments', status: 201, file: 'wasm_module' },
  grpc: { service, methods: ['CreateDeployment'] },
  input: CreateInput,
  output: CreateOutput,
  errors: [
    'AGENT_NOT_FOUND',
    'INVALID_WASM',
    'CONFLICT',
    'RESOURCE_LIMIT_EXCEEDED',
    'DEPLOYMENT_FAILED',
  ],
  keepsResult: true,
  run: async (runtime, input: Static<typeof CreateInput>, context) => {
    const agent = runtime.agents.get(input.agent_id);
    checkAgentAllowed(context.principal, input.agent_id, agent);
    const state = await runtime.updates.begin({
      agentId: agent.agentId,
      kind: 'deployment',
      wasm: input.wasm_module,
      version: input.version,
      strategy: input.strategy ?? { type: 'immediate' },
      strategyPath: 'strategy',
      createdBy: context.principal.name,
    });
    return {
      deployment_id: state.plan.deploymentId,
      status: state.status,
      created_at: rfc3339(state.plan.createdMs),
    };
  },
});

const DeploymentOutput = Type.Object({
  deployment_id: Type.String(),
  agent_id: Type.String(),
  strategy: Type.Enum([...strategies]),
  status: Status,
  current_stage: Type.Integer(),
  current_percentage: Type.Integer(),
  from_version: Type.String(),
  to_version: Type.String(),
  created_at: Timestamp,
  created_by: Type.String(),
  metrics: Type.Object({
    success_rate: Type.Number(),
    error_count: Type.Integer(),
    latency_p99: Type.Number({ description: 'Milliseconds' }),
  }),
  stages: Type.Array(
    Type.Object({
      stage: Type.Integer(),
      percentage: Type.Integer(),
      status: Type.Enum(['in_progress', 'completed', 'rolled_back']),
      started_at: Timestamp,
      completed_at: Type.Optional(Timestamp),
    }),
  ),
  reason: Type.Optional(Type.String()),
});

const DeploymentInput = Type.Object(
  { deployment_id: DeploymentIdInput },
  { additionalProperties: false },
);

export const getDeployment = defineOperation({
  name: 'deployments.get',
  summary: 'Shows a deployment or a hot reload: stage, share and figures of the new version',
  role: 'viewer',
  rateClass: 'system',
  rest: { method: 'GET', path: '/api/v1/deployments/{deployment_id}', status: 200 },
  grpc: { service, methods: ['GetDeployment'] },
  input: DeploymentInput,
  output: DeploymentOutput,
  errors: ['NOT_FOUND'],
  run: async (runtime, input: Static<typeof DeploymentInput>, { principal }) => {
    const state = await runtime.deployments.get(input.deployment_id);
    checkOwner(runtime, principal, state.plan);
    return details(state);
  },
});

function details(state: DeploymentState): Static<typeof DeploymentOutput> {
  const { plan, reason } = state;
  const { messages, failed } = messagesSeen(state);
  return {
    deployment_id: plan.deploymentId,
    agent_id: plan.agentId,
    strategy: plan.strategy,
    status: state.status,
    current_stage: state.stage,
    current_percentage: state.share,
    from_version: plan.fromVersion,
    to_version: plan.toVersion,
    created_at: rfc3339(plan.createdMs),
    created_by: plan.createdBy,
    metrics: {
      success_rate: messages === 0 ? 1 : (messages - failed) / messages,
      error_count: failed,
      latency_p99: state.figures.latencyP99Ms,
    },
    stages: state.stages.map((stage) => ({
      stage: stage.stage,
      percentage: stage.percentage,
      status: stage.status,
      started_at: rfc3339(stage.startedMs),
      ...(stage.endedMs === undefined ? {} : { completed_at: rfc3339(stage.endedMs) }),
    })),
    ...(reason === undefined ? {} : { reason }),
  };
}

const RollbackInput = Type.Object(
  {
    deployment_id: DeploymentIdInput,
    reason: Type.Optional(Type.String({ maxLength: LIMITS.deployment_reason_characters })),
  },
  { additionalProperties: false },
);

const RollbackOutput = Type.Object({
  deployment_id: Type.String(),
  status: Status,
  rollback_to_version: Type.String(),
  estimated_completion: Timestamp,
});

export const rollbackDeployment = defineOperation({
  name: 'deployments.rollback',
  summary: 'Gives everything back to the version from before a deployment or a hot reload',
  role: 'operator',
  rateClass: 'deployment',
  rest: {
    method: 'POST',
    path: '/api/v1/deployments/{deployment_id}/rollback',
    status: 200,
  },
  grpc: { service, methods: ['RollbackDeployment'] },
  input: RollbackInput,
  output: RollbackOutput,
  errors: ['NOT_FOUND', 'CONFLICT'],
  keepsResult: true,
  run: async (runtime, input: Static<typeof RollbackInput>, context) => {
    const { deployments } = runtime;
    const { plan } = await deployments.get(input.deployment_id);
    checkOwner(runtime, context.principal, plan);
    const reason = input.reason || `Rolled back by ${context.principal.name}.`;
    const { state, estimatedCompletionMs } = await deployments.rollBack(plan.deploymentId, reason);
    return {
      deployment_id: plan.deploymentId,
      status: state.status,
      rollback_to_version: plan.fromVersion,
      estimated_completion: rfc3339(estimatedCompletionMs),
    };
  },
});

const ListInput = Type.Object(
  {
    agent_id: Type.Optional(AgentIdInput),
    status: Type.Optional(Status),
    limit: PageLimit,
    offset: Offset,
  },
  { additionalProperties: false },
);

const ListOutput = Type.Object({
  deployments: Type.Array(DeploymentOutput),
  total: Type.Integer(),
  next_offset: Type.Optional(Type.Integer()),
});

export const listDeployments = defineOperation({
  name: 'deployments.list',
  summary: 'Lists deployments and hot reloads, newest first',
  role: 'viewer',
  rateClass: 'system',
  rest: {
    method: 'GET',
    path: '/api/v1/deployments',
    status: 200,
    query: ['agent_id', 'status', 'limit', 'offset'],
  },
  grpc: { service, methods: ['ListDeployments'] },
  input: ListInput,
  output: ListOutput,
  run: async (runtime, input: Static<typeof ListInput>, { principal }) => {
    const agent = input.agent_id;
    AgentScope.of(principal, runtime)?.checkQuery({ agent_id: agent });
    const offset = input.offset ?? 0;
    const page = await runtime.deployments.list({
      // An agent that was removed is known by its id alone.
      agentId: agent && (runtime.agents.find(agent)?.agentId ?? agent),
      status: input.status,
      offset,
      limit: input.limit ?? LIMITS.page_default,
    });
    const next = offset + page.deployments.length;
    return {
      deployments: page.deployments.map(details),
      total: page.total,
      ...(next < page.total ? { next_offset: next } : {}),
    };
  },
});
