import Type, { type Static } from 'typebox';
import { rfc3339 } from '../../base/clock.js';
import { checkAgentAllowed } from '../auth.js';
import { defineOperation } from '../operation.js';
import { AgentIdInput, Timestamp } from '../schemas.js';

const service = 'MetricsService';

const Empty = Type.Object({}, { additionalProperties: false });

const SystemOutput = Type.Object({
  timestamp: Timestamp,
  agents: Type.Object({
    total: Type.Integer(),
    running: Type.Integer(),
    failed: Type.Integer(),
  }),
  messages: Type.Object({
    total_processed: Type.Integer(),
    rate_per_second: Type.Number(),
    queue_size: Type.Integer(),
  }),
  resources: Type.Object({
    cpu_usage_percent: Type.Number(),
    memory_used_mb: Type.Number(),
    memory_available_mb: Type.Number(),
    disk_used_gb: Type.Number(),
  }),
  performance: Type.Object({
    message_latency_p50: Type.Number({ description: 'Milliseconds' }),
    message_latency_p99: Type.Number({ description: 'Milliseconds' }),
    agent_spawn_time_ms: Type.Number(),
  }),
});

export const systemMetrics = defineOperation({
  name: 'metrics.system',
  summary: 'Figures of the whole server',
  role: 'viewer',
  rateClass: 'metrics',
  rest: { method: 'GET', path: '/api/v1/metrics/system', status: 200 },
  grpc: { service, methods: ['GetSystemMetrics'] },
  input: Empty,
  output: SystemOutput,
  run: (runtime) => runtime.metrics.system(),
});

export const METRIC_PERIODS = ['1m', '5m', '1h', '24h'] as const;

const AgentMetricsInput = Type.Object(
  { agent_id: AgentIdInput, period: Type.Optional(Type.Enum([...METRIC_PERIODS])) },
  { additionalProperties: false },
);

const AgentMetricsOutput = Type.Object({
  agent_id: Type.String(),
  period: Type.String(),
  metrics: Type.Object({
    messages_processed: Type.Integer(),
    messages_failed: Type.Integer(),
    average_latency_ms: Type.Number({ description: 'From acceptance to the end of handling' }),
    latency_p50_ms: Type.Number(),
    latency_p99_ms: Type.Number(),
    average_handling_ms: Type.Number({ description: 'Time in the agent' }),
    cpu_usage: Type.Object({ average: Type.Number(), peak: Type.Number() }),
    memory_usage: Type.Object({ average_mb: Type.Number(), peak_mb: Type.Number() }),
    errors: Type.Array(
      Type.Object({
        timestamp: Timestamp,
        first_timestamp: Timestamp,
        code: Type.String(),
        error: Type.String(),
        count: Type.Integer(),
      }),
    ),
  }),
});

export const agentMetrics = defineOperation({
  name: 'metrics.agent',
  summary: 'Figures of one agent over a period',
  role: 'viewer',
  rateClass: 'metrics',
  rest: {
    method: 'GET',
    path: '/api/v1/metrics/agents/{agent_id}',
    status: 200,
    query: ['period'],
  },
  grpc: { service, methods: ['GetAgentMetrics'] },
  input: AgentMetricsInput,
  output: AgentMetricsOutput,
  errors: ['AGENT_NOT_FOUND'],
  run: (runtime, input: Static<typeof AgentMetricsInput>, { principal }) => {
    const period = input.period ?? '1h';
    const agent = runtime.agents.get(input.agent_id);
    checkAgentAllowed(principal, input.agent_id, agent);
    const metrics = runtime.metrics.agent(agent.agentId, period);
    return {
      agent_id: agent.agentId,
      period,
      metrics: {
        ...metrics,
        errors: metrics.errors.map((error) => ({
          timestamp: rfc3339(error.lastMs),
          first_timestamp: rfc3339(error.firstMs),
          code: error.code,
          error: error.error,
          count: error.count,
        })),
      },
    };
  },
});

const StatusOutput = Type.Object({
  status: Type.Enum(['ready', 'degraded', 'starting', 'stopping']),
  reason: Type.Optional(Type.String()),
  version: Type.String(),
  uptime_seconds: Type.Integer(),
  workers: Type.Integer(),
  agents: Type.Integer(),
  started_at: Timestamp,
});

export const systemStatus = defineOperation({
  name: 'system.status',
  summary: 'Version, age and size of the server',
  role: 'viewer',
  rateClass: 'system',
  rest: { method: 'GET', path: '/api/v1/status', status: 200 },
  grpc: { service, methods: ['GetStatus'] },
  input: Empty,
  output: StatusOutput,
  run: (runtime) => runtime.metrics.status(),
});
