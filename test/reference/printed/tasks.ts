import type { PrintedExchange } from './exchange.js';

/** "Task API" of the API reference, in its order. */

export const createTask = {
  section: 'Create Task',
  method: 'POST',
  path: '/api/v1/tasks',
  request: {
    name: 'process_data',
    description: 'Process customer data batch',
    data: {},
    protocol: 'contract_net',
    participants: ['agent_1', 'agent_2', 'agent_3'],
    timeout_seconds: 300,
    requirements: {
      capabilities: ['data_processing'],
      min_performance_score: 0.8,
    },
  },
  response: {
    task_id: 'task_999',
    status: 'created',
    created_at: '2024-01-15T10:30:00Z',
  },
} satisfies PrintedExchange;

export const distributeTask = {
  section: 'Distribute Task',
  method: 'POST',
  path: '/api/v1/tasks/{task_id}/distribute',
  parameters: { task_id: 'task_999' },
  request: {
    strategy: 'best_bid',
    max_wait_seconds: 30,
  },
  response: {
    task_id: 'task_999',
    status: 'distributed',
    assigned_to: 'agent_456',
    proposals_received: 3,
    winning_bid: {
      agent_id: 'agent_456',
      estimated_time: 45,
      confidence: 0.95,
    },
  },
} satisfies PrintedExchange;

export const getTaskStatus = {
  section: 'Get Task Status',
  method: 'GET',
  path: '/api/v1/tasks/{task_id}',
  parameters: { task_id: 'task_999' },
  response: {
    task_id: 'task_999',
    status: 'in_progress',
    assigned_to: 'agent_456',
    progress: 0.65,
    started_at: '2024-01-15T10:31:00Z',
    estimated_completion: '2024-01-15T10:32:00Z',
    subtasks: [
      {
        id: 'subtask_001',
        status: 'completed',
      },
      {
        id: 'subtask_002',
        status: 'in_progress',
      },
    ],
  },
} satisfies PrintedExchange;
