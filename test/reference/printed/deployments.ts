import type { PrintedExchange } from './exchange.js';

/** "Deployment API" of the API reference, in its order. */

export const createDeployment = {
  section: 'Create Deployment',
  method: 'POST',
  path: '/api/v1/deployments',
  request: {
    agent_id: 'agent_123',
    wasm_module: 'base64_encoded_wasm',
    version: '2.0.0',
    strategy: {
      type: 'canary',
      stages: [
        { percentage: 10, duration: '5m' },
        { percentage: 50, duration: '10m' },
        { percentage: 100, duration: '0' },
      ],
      rollback_on_error: true,
      error_threshold: 0.05,
    },
  },
  response: {
    deployment_id: 'deploy_888',
    status: 'initializing',
    created_at: '2024-01-15T10:30:00Z',
  },
} satisfies PrintedExchange;

export const monitorDeployment = {
  section: 'Monitor Deployment',
  method: 'GET',
  path: '/api/v1/deployments/{deployment_id}',
  parameters: { deployment_id: 'deploy_888' },
  response: {
    deployment_id: 'deploy_888',
    status: 'in_progress',
    current_stage: 2,
    current_percentage: 50,
    metrics: {
      success_rate: 0.98,
      error_count: 5,
      latency_p99: 125.5,
    },
    stages: [
      {
        stage: 1,
        percentage: 10,
        status: 'completed',
        completed_at: '2024-01-15T10:35:00Z',
      },
      {
        stage: 2,
        percentage: 50,
        status: 'in_progress',
        started_at: '2024-01-15T10:35:00Z',
      },
    ],
  },
} satisfies PrintedExchange;

export const rollbackDeployment = {
  section: 'Rollback Deployment',
  method: 'POST',
  path: '/api/v1/deployments/{deployment_id}/rollback',
  parameters: { deployment_id: 'deploy_888' },
  request: {
    reason: 'High error rate detected',
  },
  response: {
    deployment_id: 'deploy_888',
    status: 'rolling_back',
    rollback_to_version: '1.0.0',
    estimated_completion: '2024-01-15T10:37:00Z',
  },
  // Where the new version had nothing left to do it is over at once.
  documented: { status: ['rolling_back', 'rolled_back'] },
} satisfies PrintedExchange;
