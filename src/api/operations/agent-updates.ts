import Type, { type Static } from 'typebox';
import { rfc3339 } from '../../base/clock.js';
import { invalidRequest } from '../../base/errors.js';
import { DEPLOYMENT_STRATEGIES, RELOAD_STRATEGIES } from '../../runtime/deploy/plan.js';
import { ConfigChangeFields, toConfigChange } from '../agent-config.js';
import { checkAgentAllowed } from '../auth.js';
import { defineOperation } from '../operation.js';
import { AgentIdInput, Bytes, Timestamp } from '../schemas.js';
import { ReloadFields } from '../strategy-input.js';

const service = 'AgentService';

const UpdateInput = Type.Object(
  {
    agent_id: AgentIdInput,
    wasm_module: Type.Optional(Bytes),
    config: Type.Optional(Type.Object(ConfigChangeFields, { additionalProperties: false })),
    strategy: Type.Optional(Type.Enum([...DEPLOYMENT_STRATEGIES])),
  },
  { additionalProperties: false },
);

const UpdateOutput = Type.Object({
  agent_id: Type.String(),
  status: Type.Literal('updating'),
  deployment_id: Type.String(),
});

export const updateAgent = defineOperation({
  name: 'agents.update',
  summary: 'Replaces an agent’s code or configuration, by a deployment that it begins',
  role: 'operator',
  rateClass: 'deployment',
  rest: { method: 'PUT', path: '/api/v1/agents/{agent_id}', status: 200, file: 'wasm_module' },
  grpc: { service, methods: ['UpdateAgent'] },
  input: UpdateInput,
  output: UpdateOutput,
  errors: [
    'AGENT_NOT_FOUND',
    'INVALID_WASM',
    'CONFLICT',
    'RESOURCE_LIMIT_EXCEEDED',
    'DEPLOYMENT_FAILED',
  ],
  keepsResult: true,
  run: async (runtime, input: Static<typeof UpdateInput>, context) => {
    const agent = runtime.agents.get(input.agent_id);
    checkAgentAllowed(context.principal, input.agent_id, agent);
    const { wasm_module: wasm, config } = input;
    if (wasm === undefined && Object.keys(config ?? {}).length === 0) {
      throw invalidRequest(
        'There is nothing to update: send wasm_module, or config with what shall change.',
        'config',
      );
    }
    const { plan } = await runtime.updates.begin({
      agentId: agent.agentId,
      kind: 'deployment',
      wasm,
      version: config?.version,
      config: toConfigChange(config ?? {}),
      strategy: { type: input.strategy ?? 'immediate' },
      strategyPath: 'strategy',
      createdBy: context.principal.name,
    });
    return {
      agent_id: agent.agentId,
      status: 'updating' as const,
      deployment_id: plan.deploymentId,
    };
  },
});

const ReloadInput = Type.Object(
  {
    agent_id: AgentIdInput,
    wasm_module: Bytes,
    config: Type.Optional(
      Type.Object(
        {
          strategy: Type.Optional(Type.Enum([...RELOAD_STRATEGIES])),
          ...ReloadFields,
          ...ConfigChangeFields,
        },
        { additionalProperties: false },
      ),
    ),
  },
  { additionalProperties: false },
);

const ReloadOutput = Type.Object({
  hot_reload_id: Type.String(),
  status: Type.Literal('in_progress'),
  from_version: Type.String(),
  to_version: Type.String(),
  strategy: Type.String(),
  started_at: Timestamp,
});

export const reloadAgent = defineOperation({
  name: 'agents.reload',
  summary: 'Replaces an agent’s code without downtime; shown and rolled back like a deployment',
  role: 'operator',
  rateClass: 'deployment',
  rest: {
    method: 'PUT',
    path: '/api/v1/agents/{agent_id}/reload',
    status: 200,
    file: 'wasm_module',
  },
  grpc: { service, methods: ['ReloadAgent'] },
  input: ReloadInput,
  output: ReloadOutput,
  errors: [
    'AGENT_NOT_FOUND',
    'INVALID_WASM',
    'CONFLICT',
    'RESOURCE_LIMIT_EXCEEDED',
    'DEPLOYMENT_FAILED',
  ],
  keepsResult: true,
  run: async (runtime, input: Static<typeof ReloadInput>, context) => {
    const agent = runtime.agents.get(input.agent_id);
    checkAgentAllowed(context.principal, input.agent_id, agent);
    const { strategy, version, resources, environment, capabilities, ...how } = input.config ?? {};
    const { plan } = await runtime.updates.begin({
      agentId: agent.agentId,
      kind: 'reload',
      wasm: input.wasm_module,
      version,
      config: toConfigChange({ resources, environment, capabilities }),
      strategy: { type: strategy ?? 'graceful', ...how },
      strategyPath: 'config',
      createdBy: context.principal.name,
    });
    return {
      hot_reload_id: plan.deploymentId,
      status: 'in_progress' as const,
      from_version: plan.fromVersion,
      to_version: plan.toVersion,
      strategy: plan.strategy,
      started_at: rfc3339(plan.createdMs),
    };
  },
});
