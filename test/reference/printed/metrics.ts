import type { PrintedExchange } from './exchange.js';

/** "Metrics API" of the API reference, in its order. */

export const getSystemMetrics = {
  section: 'Get System Metrics',
  method: 'GET',
  path: '/api/v1/metrics/system',
  response: {
    timestamp: '2024-01-15T10:30:00Z',
    agents: {
      total: 42,
      running: 40,
      failed: 2,
    },
    messages: {
      total_processed: 1000000,
      rate_per_second: 1500,
      queue_size: 250,
    },
    resources: {
      cpu_usage_percent: 45.2,
      memory_used_mb: 2048,
      memory_available_mb: 6144,
      disk_used_gb: 10.5,
    },
    performance: {
      message_latency_p50: 10.5,
      message_latency_p99: 125.3,
      agent_spawn_time_ms: 85.2,
    },
  },
} satisfies PrintedExchange;

export const getAgentMetrics = {
  section: 'Get Agent Metrics',
  method: 'GET',
  path: '/api/v1/metrics/agents/{agent_id}',
  parameters: { agent_id: 'agent_123' },
  query: 'period=1h',
  response: {
    agent_id: 'agent_123',
    period: '1h',
    metrics: {
      messages_processed: 5432,
      messages_failed: 12,
      average_latency_ms: 15.3,
      cpu_usage: {
        average: 0.25,
        peak: 0.85,
      },
      memory_usage: {
        average_mb: 32,
        peak_mb: 48,
      },
      errors: [
        {
          timestamp: '2024-01-15T10:15:00Z',
          error: 'timeout',
          count: 3,
        },
      ],
    },
  },
} satisfies PrintedExchange;
