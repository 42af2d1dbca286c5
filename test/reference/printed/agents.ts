import type { PrintedExchange } from './exchange.js';

/** "Agent Management API" of the API reference, in its order. */

export const deployAgent = {
  section: 'Deploy Agent',
  method: 'POST',
  path: '/api/v1/agents',
  form: {
    wasm: '@agent.wasm',
    config:
      '{"name":"my-agent","strategy":"immediate","resources":{"memory":"50MB","cpu":"100000"}}',
  },
  response: {
    agent_id: 'agent_123',
    name: 'my-agent',
    status: 'running',
    deployed_at: '2024-01-15T10:30:00Z',
    version: '1.0.0',
    deployment_id: 'deploy_456',
    lifecycle_state: 'running',
    resource_limits: {
      memory: '50MB',
      cpu_fuel: 100000,
    },
  },
} satisfies PrintedExchange;

export const deploymentStrategies = ['immediate', 'rolling', 'blue_green', 'canary'] as const;

export const hotReloadAgent = {
  section: 'Hot Reload Agent',
  method: 'PUT',
  path: '/api/v1/agents/{agent_id}/reload',
  parameters: { agent_id: 'agent_123' },
  form: {
    wasm: '@agent-v2.wasm',
    config: '{"strategy":"graceful","traffic_split":10}',
  },
  response: {
    hot_reload_id: 'reload_789',
    status: 'in_progress',
    from_version: '1.0.0',
    to_version: '2.0.0',
    strategy: 'graceful',
    started_at: '2024-01-15T10:45:00Z',
  },
} satisfies PrintedExchange;

export const lifecycleStates = [
  'unloaded',
  'loaded',
  'running',
  'draining',
  'stopped',
  'failed',
] as const;

export const listAgents = {
  section: 'List Agents',
  method: 'GET',
  path: '/api/v1/agents',
  query: 'status=running&limit=10&offset=0',
  response: {
    agents: [
      {
        agent_id: 'agent_123',
        name: 'my-agent',
        status: 'running',
        created_at: '2024-01-15T10:30:00Z',
        resources: {
          memory_used: '25MB',
          cpu_usage: 0.15,
        },
      },
    ],
    total: 42,
    next_offset: 10,
  },
} satisfies PrintedExchange;

export const getAgentDetails = {
  section: 'Get Agent Details',
  method: 'GET',
  path: '/api/v1/agents/{agent_id}',
  parameters: { agent_id: 'agent_123' },
  response: {
    agent_id: 'agent_123',
    name: 'my-agent',
    status: 'running',
    version: '1.0.0',
    deployment: {
      strategy: 'direct',
      deployed_at: '2024-01-15T10:30:00Z',
      deployed_by: 'user@example.com',
    },
    resources: {
      limits: {
        memory: '50MB',
        cpu: '100m',
      },
      usage: {
        memory: '25MB',
        cpu: '50m',
      },
    },
    metrics: {
      messages_processed: 1542,
      messages_failed: 3,
      average_latency_ms: 12.5,
      uptime_seconds: 3600,
    },
  },
} satisfies PrintedExchange;

export const updateAgent = {
  section: 'Update Agent',
  method: 'PUT',
  path: '/api/v1/agents/{agent_id}',
  parameters: { agent_id: 'agent_123' },
  request: {
    wasm_module: 'base64_encoded_wasm',
    config: {
      resources: {
        memory: '100MB',
      },
    },
    strategy: 'blue_green',
  },
  response: {
    agent_id: 'agent_123',
    status: 'updating',
    deployment_id: 'deploy_456',
  },
} satisfies PrintedExchange;

export const stopAgent = {
  section: 'Stop Agent',
  method: 'POST',
  path: '/api/v1/agents/{agent_id}/stop',
  parameters: { agent_id: 'agent_123' },
  request: {
    grace_period_seconds: 30,
    drain_messages: true,
  },
  response: {
    agent_id: 'agent_123',
    status: 'draining',
    estimated_completion: '2024-01-15T10:31:00Z',
  },
} satisfies PrintedExchange;

export const removeAgent = {
  section: 'Remove Agent',
  method: 'DELETE',
  path: '/api/v1/agents/{agent_id}',
  parameters: { agent_id: 'agent_123' },
  response: {
    agent_id: 'agent_123',
    status: 'removed',
    removed_at: '2024-01-15T10:35:00Z',
  },
} satisfies PrintedExchange;
