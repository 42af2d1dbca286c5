import Type, { type Static } from 'typebox';
import { rfc3339 } from '../../base/clock.js';
import { LIMITS } from '../../base/limits.js';
import { formatBytes } from '../../base/units.js';
import type { AgentSnapshot } from '../../runtime/types.js';
import { AgentConfigInput, toAgentConfig } from '../agent-config.js';
import { AgentScope } from '../agent-scope.js';
import { checkAgentAllowed } from '../auth.js';
import { defineOperation } from '../operation.js';
import {
  AgentIdInput,
  AgentStatus,
  Bytes,
  ErrorOutput,
  Offset,
  PageLimit,
  Timestamp,
} from '../schemas.js';

const service = 'AgentService';

const DeployInput = Type.Object(
  { wasm_module: Bytes, config: AgentConfigInput },
  { additionalProperties: false },
);

const DeployOutput = Type.Object({
  agent_id: Type.String(),
  name: Type.String(),
  status: AgentStatus,
  deployed_at: Timestamp,
  version: Type.String(),
  deployment_id: Type.String(),
  lifecycle_state: AgentStatus,
  resource_limits: Type.Object({ memory: Type.String(), cpu_fuel: Type.Integer() }),
});

export const deployAgent = defineOperation({
  name: 'agents.deploy',
  summary: 'Deploys a WebAssembly agent: checks, meters, compiles and starts it',
  role: 'operator',
  rateClass: 'deployment',
  rest: { method: 'POST', path: '/api/v1/agents', status: 201, file: 'wasm_module' },
  grpc: { service, methods: ['DeployAgent'] },
  input: DeployInput,
  output: DeployOutput,
  errors: [
    'AGENT_ALREADY_EXISTS',
    'INVALID_WASM',
    'RESOURCE_LIMIT_EXCEEDED',
    'DEPLOYMENT_FAILED',
    'CONFLICT',
  ],
  keepsResult: true,
  run: async (runtime, input: Static<typeof DeployInput>, context) => {
    checkAgentAllowed(context.principal, input.config.name);
    const config = toAgentConfig(input.config, runtime.config);
    const agent = await runtime.agents.deploy(input.wasm_module, config, context.principal.name);
    return {
      agent_id: agent.agentId,
      name: agent.config.name,
      status: agent.state,
      deployed_at: rfc3339(agent.deployedMs),
      version: agent.config.version,
      deployment_id: agent.deploymentId,
      lifecycle_state: agent.state,
      resource_limits: {
        memory: agent.config.memoryText,
        cpu_fuel: agent.config.fuelPerMessage,
      },
    };
  },
});

const ListInput = Type.Object(
  { status: Type.Optional(AgentStatus), limit: PageLimit, offset: Offset },
  { additionalProperties: false },
);

const ListOutput = Type.Object({
  agents: Type.Array(
    Type.Object({
      agent_id: Type.String(),
      name: Type.String(),
      status: AgentStatus,
      version: Type.String(),
      created_at: Timestamp,
      resources: Type.Object({ memory_used: Type.String(), cpu_usage: Type.Number() }),
    }),
  ),
  total: Type.Integer(),
  next_offset: Type.Optional(Type.Integer()),
});

export const listAgents = defineOperation({
  name: 'agents.list',
  summary: 'Lists agents, oldest first',
  role: 'viewer',
  rateClass: 'system',
  rest: {
    method: 'GET',
    path: '/api/v1/agents',
    status: 200,
    query: ['status', 'limit', 'offset'],
  },
  grpc: { service, methods: ['ListAgents'] },
  input: ListInput,
  output: ListOutput,
  run: (runtime, input: Static<typeof ListInput>, { principal }) => {
    const offset = input.offset ?? 0;
    const limit = input.limit ?? LIMITS.page_default;
    const scope = AgentScope.of(principal, runtime);
    const page = runtime.agents.list(
      input.status,
      offset,
      limit,
      scope && ((id) => scope.allows(id)),
    );
    const next = offset + page.agents.length;
    return {
      agents: page.agents.map((agent) => ({
        agent_id: agent.agentId,
        name: agent.config.name,
        status: agent.state,
        version: agent.config.version,
        created_at: rfc3339(agent.createdMs),
        resources: {
          memory_used: formatBytes(agent.memoryBytes),
          cpu_usage: agent.cpuUsage,
        },
      })),
      total: page.total,
      ...(next < page.total ? { next_offset: next } : {}),
    };
  },
});

const AgentInput = Type.Object({ agent_id: AgentIdInput }, { additionalProperties: false });

const AgentOutput = Type.Object({
  agent_id: Type.String(),
  name: Type.String(),
  status: AgentStatus,
  version: Type.String(),
  created_at: Timestamp,
  deployment: Type.Object({
    strategy: Type.String(),
    deployed_at: Timestamp,
    deployed_by: Type.String(),
  }),
  resources: Type.Object({
    limits: Type.Object({ memory: Type.String(), cpu: Type.String() }),
    usage: Type.Object({ memory: Type.String(), cpu: Type.String() }),
  }),
  metrics: Type.Object({
    messages_processed: Type.Integer(),
    messages_failed: Type.Integer(),
    average_latency_ms: Type.Number(),
    uptime_seconds: Type.Integer(),
    fuel_total: Type.Integer(),
    last_message_fuel: Type.Integer(),
    restarts: Type.Integer(),
    mailbox_messages: Type.Integer(),
  }),
  capabilities: Type.Array(Type.String()),
  failure: Type.Optional(ErrorOutput),
});

export const getAgent = defineOperation({
  name: 'agents.get',
  summary: 'Shows one agent: limits, usage and counters',
  role: 'viewer',
  rateClass: 'system',
  rest: { method: 'GET', path: '/api/v1/agents/{agent_id}', status: 200 },
  grpc: { service, methods: ['GetAgent'] },
  input: AgentInput,
  output: AgentOutput,
  errors: ['AGENT_NOT_FOUND'],
  run: (runtime, input: Static<typeof AgentInput>, { principal }) => {
    const agent = runtime.agents.get(input.agent_id);
    checkAgentAllowed(principal, input.agent_id, agent);
    return details(agent);
  },
});

function details(agent: AgentSnapshot) {
  const { config } = agent;
  const handled = agent.messagesProcessed + agent.messagesFailed;
  return {
    agent_id: agent.agentId,
    name: config.name,
    status: agent.state,
    version: config.version,
    created_at: rfc3339(agent.createdMs),
    deployment: {
      // "direct" is the reference's word for a deploy that replaced nothing.
      strategy: config.strategy === 'immediate' ? 'direct' : config.strategy,
      deployed_at: rfc3339(agent.deployedMs),
      deployed_by: agent.deployedBy,
    },
    resources: {
      limits: {
        memory: config.memoryText,
        cpu: config.cpuShareMillis > 0 ? `${config.cpuShareMillis}m` : `${config.fuelPerMessage}`,
      },
      usage: {
        memory: formatBytes(agent.memoryBytes),
        cpu: `${Math.round(agent.cpuUsage * 1_000)}m`,
      },
    },
    metrics: {
      messages_processed: agent.messagesProcessed,
      messages_failed: agent.messagesFailed,
      average_latency_ms: handled === 0 ? 0 : round(agent.latencyTotalUs / handled / 1_000),
      uptime_seconds:
        agent.runningSinceMs === 0 ? 0 : Math.floor((Date.now() - agent.runningSinceMs) / 1_000),
      fuel_total: agent.fuelTotal,
      last_message_fuel: agent.lastFuel,
      restarts: agent.restarts,
      mailbox_messages: agent.mailboxMessages,
    },
    capabilities: [...agent.capabilities],
    ...(agent.failure === undefined ? {} : { failure: agent.failure }),
  };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

const StopInput = Type.Object(
  {
    agent_id: AgentIdInput,
    grace_period_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: LIMITS.grace_period_max_s,
        default: LIMITS.grace_period_default_s,
      }),
    ),
    drain_messages: Type.Optional(Type.Boolean({ default: true })),
  },
  { additionalProperties: false },
);

const StopOutput = Type.Object({
  agent_id: Type.String(),
  status: AgentStatus,
  estimated_completion: Timestamp,
});

export const stopAgent = defineOperation({
  name: 'agents.stop',
  summary: 'Stops an agent: drains its mailbox within the grace period, then ends it',
  role: 'operator',
  rateClass: 'system',
  rest: { method: 'POST', path: '/api/v1/agents/{agent_id}/stop', status: 200 },
  grpc: { service, methods: ['StopAgent'] },
  input: StopInput,
  output: StopOutput,
  errors: ['AGENT_NOT_FOUND', 'CONFLICT'],
  run: (runtime, input: Static<typeof StopInput>, context) => {
    checkAgentAllowed(context.principal, input.agent_id, runtime.agents.get(input.agent_id));
    const { agent, estimatedCompletionMs } = runtime.agents.stop(
      input.agent_id,
      input.grace_period_seconds ?? LIMITS.grace_period_default_s,
      input.drain_messages ?? true,
    );
    return {
      agent_id: agent.agentId,
      status: agent.state,
      estimated_completion: rfc3339(estimatedCompletionMs),
    };
  },
});

const StartOutput = Type.Object({
  agent_id: Type.String(),
  status: AgentStatus,
  started_at: Timestamp,
});

export const startAgent = defineOperation({
  name: 'agents.start',
  summary: 'Starts an agent that is stopped or failed',
  role: 'operator',
  rateClass: 'system',
  rest: { method: 'POST', path: '/api/v1/agents/{agent_id}/start', status: 200 },
  grpc: { service, methods: ['StartAgent'] },
  input: AgentInput,
  output: StartOutput,
  errors: ['AGENT_NOT_FOUND', 'CONFLICT', 'DEPLOYMENT_FAILED', 'INVALID_WASM'],
  run: async (runtime, input: Static<typeof AgentInput>, context) => {
    checkAgentAllowed(context.principal, input.agent_id, runtime.agents.get(input.agent_id));
    const agent = await runtime.agents.start(input.agent_id);
    return {
      agent_id: agent.agentId,
      status: agent.state,
      started_at: rfc3339(agent.runningSinceMs),
    };
  },
});

const RemoveOutput = Type.Object({
  agent_id: Type.String(),
  status: Type.Literal('removed'),
  removed_at: Timestamp,
});

export const removeAgent = defineOperation({
  name: 'agents.remove',
  summary: 'Removes an agent with its stored data; its messages stay in the history',
  role: 'operator',
  rateClass: 'system',
  rest: { method: 'DELETE', path: '/api/v1/agents/{agent_id}', status: 200 },
  grpc: { service, methods: ['RemoveAgent'] },
  input: AgentInput,
  output: RemoveOutput,
  errors: ['AGENT_NOT_FOUND', 'CONFLICT'],
  run: async (runtime, input: Static<typeof AgentInput>, context) => {
    checkAgentAllowed(context.principal, input.agent_id, runtime.agents.get(input.agent_id));
    const removed = await runtime.agents.remove(input.agent_id);
    return {
      agent_id: removed.agentId,
      status: 'removed' as const,
      removed_at: rfc3339(removed.removedMs),
    };
  },
});

const LogsInput = Type.Object(
  {
    agent_id: AgentIdInput,
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: LIMITS.logs_page_max, default: 100 })),
  },
  { additionalProperties: false },
);

const LogsOutput = Type.Object({
  agent_id: Type.String(),
  lines: Type.Array(
    Type.Object({
      timestamp: Timestamp,
      level: Type.Enum(['info', 'error']),
      text: Type.String(),
    }),
  ),
});

export const agentLogs = defineOperation({
  name: 'agents.logs',
  summary: 'Shows the last lines that an agent logged, oldest first',
  role: 'viewer',
  rateClass: 'system',
  rest: { method: 'GET', path: '/api/v1/agents/{agent_id}/logs', status: 200, query: ['limit'] },
  grpc: { service, methods: ['GetAgentLogs'] },
  input: LogsInput,
  output: LogsOutput,
  errors: ['AGENT_NOT_FOUND'],
  run: (runtime, input: Static<typeof LogsInput>, { principal }) => {
    const agent = runtime.agents.get(input.agent_id);
    checkAgentAllowed(principal, input.agent_id, agent);
    return {
      agent_id: agent.agentId,
      lines: runtime.agents.logs(agent.agentId, input.limit ?? 100).map((line) => ({
        timestamp: rfc3339(line.timestampMs),
        level: line.level,
        text: line.text,
      })),
    };
  },
});
