// Made from the server's table of operations by `npm run sdk-types`: change that, not this file.

import type { OperationRow } from './operation-row.js';
import type * as types from './operation-types.js';

/** Input and output of each operation. */
export interface OperationTypes {
  deployAgent: { input: types.DeployAgentInput; output: types.DeployAgentOutput };
  listAgents: { input: types.ListAgentsInput; output: types.ListAgentsOutput };
  getAgent: { input: types.GetAgentInput; output: types.GetAgentOutput };
  stopAgent: { input: types.StopAgentInput; output: types.StopAgentOutput };
  startAgent: { input: types.StartAgentInput; output: types.StartAgentOutput };
  removeAgent: { input: types.RemoveAgentInput; output: types.RemoveAgentOutput };
  agentLogs: { input: types.AgentLogsInput; output: types.AgentLogsOutput };
  updateAgent: { input: types.UpdateAgentInput; output: types.UpdateAgentOutput };
  reloadAgent: { input: types.ReloadAgentInput; output: types.ReloadAgentOutput };
  listCapabilities: { input: types.ListCapabilitiesInput; output: types.ListCapabilitiesOutput };
  sendMessage: { input: types.SendMessageInput; output: types.SendMessageOutput };
  listMessages: { input: types.ListMessagesInput; output: types.ListMessagesOutput };
  getMessage: { input: types.GetMessageInput; output: types.GetMessageOutput };
  getConversation: { input: types.GetConversationInput; output: types.GetConversationOutput };
  listDeadLetters: { input: types.ListDeadLettersInput; output: types.ListDeadLettersOutput };
  retryDeadLetter: { input: types.RetryDeadLetterInput; output: types.RetryDeadLetterOutput };
  systemMetrics: { input: types.SystemMetricsInput; output: types.SystemMetricsOutput };
  agentMetrics: { input: types.AgentMetricsInput; output: types.AgentMetricsOutput };
  systemStatus: { input: types.SystemStatusInput; output: types.SystemStatusOutput };
  createDeployment: { input: types.CreateDeploymentInput; output: types.CreateDeploymentOutput };
  getDeployment: { input: types.GetDeploymentInput; output: types.GetDeploymentOutput };
  rollbackDeployment: {
    input: types.RollbackDeploymentInput;
    output: types.RollbackDeploymentOutput;
  };
  listDeployments: { input: types.ListDeploymentsInput; output: types.ListDeploymentsOutput };
  createTask: { input: types.CreateTaskInput; output: types.CreateTaskOutput };
  listTasks: { input: types.ListTasksInput; output: types.ListTasksOutput };
  getTask: { input: types.GetTaskInput; output: types.GetTaskOutput };
  distributeTask: { input: types.DistributeTaskInput; output: types.DistributeTaskOutput };
  cancelTask: { input: types.CancelTaskInput; output: types.CancelTaskOutput };
}

/** How each operation is called over REST. */
export const OPERATIONS: Readonly<Record<keyof OperationTypes, OperationRow>> = Object.freeze({
  deployAgent: { method: 'POST', path: '/api/v1/agents', query: [], repeat: 'with_key' },
  listAgents: {
    method: 'GET',
    path: '/api/v1/agents',
    query: ['status', 'limit', 'offset'],
    repeat: 'always',
  },
  getAgent: { method: 'GET', path: '/api/v1/agents/{agent_id}', query: [], repeat: 'always' },
  stopAgent: { method: 'POST', path: '/api/v1/agents/{agent_id}/stop', query: [], repeat: 'never' },
  startAgent: {
    method: 'POST',
    path: '/api/v1/agents/{agent_id}/start',
    query: [],
    repeat: 'never',
  },
  removeAgent: { method: 'DELETE', path: '/api/v1/agents/{agent_id}', query: [], repeat: 'never' },
  agentLogs: {
    method: 'GET',
    path: '/api/v1/agents/{agent_id}/logs',
    query: ['limit'],
    repeat: 'always',
  },
  updateAgent: { method: 'PUT', path: '/api/v1/agents/{agent_id}', query: [], repeat: 'with_key' },
  reloadAgent: {
    method: 'PUT',
    path: '/api/v1/agents/{agent_id}/reload',
    query: [],
    repeat: 'with_key',
  },
  listCapabilities: {
    method: 'GET',
    path: '/api/v1/capabilities',
    query: ['limit', 'offset'],
    repeat: 'always',
  },
  sendMessage: {
    method: 'POST',
    path: '/api/v1/messages',
    query: ['wait', 'timeout_ms', 'until'],
    repeat: 'with_key',
  },
  listMessages: {
    method: 'GET',
    path: '/api/v1/messages',
    query: [
      'conversation_id',
      'agent',
      'sender',
      'receiver',
      'performative',
      'since',
      'until',
      'order',
      'limit',
      'cursor',
    ],
    repeat: 'always',
  },
  getMessage: { method: 'GET', path: '/api/v1/messages/{message_id}', query: [], repeat: 'always' },
  getConversation: {
    method: 'GET',
    path: '/api/v1/conversations/{conversation_id}',
    query: ['order', 'limit', 'cursor'],
    repeat: 'always',
  },
  listDeadLetters: {
    method: 'GET',
    path: '/api/v1/dead-letters',
    query: ['agent', 'limit', 'cursor'],
    repeat: 'always',
  },
  retryDeadLetter: {
    method: 'POST',
    path: '/api/v1/dead-letters/{message_id}/retry',
    query: [],
    repeat: 'with_key',
  },
  systemMetrics: { method: 'GET', path: '/api/v1/metrics/system', query: [], repeat: 'always' },
  agentMetrics: {
    method: 'GET',
    path: '/api/v1/metrics/agents/{agent_id}',
    query: ['period'],
    repeat: 'always',
  },
  systemStatus: { method: 'GET', path: '/api/v1/status', query: [], repeat: 'always' },
  createDeployment: { method: 'POST', path: '/api/v1/deployments', query: [], repeat: 'with_key' },
  getDeployment: {
    method: 'GET',
    path: '/api/v1/deployments/{deployment_id}',
    query: [],
    repeat: 'always',
  },
  rollbackDeployment: {
    method: 'POST',
    path: '/api/v1/deployments/{deployment_id}/rollback',
    query: [],
    repeat: 'with_key',
  },
  listDeployments: {
    method: 'GET',
    path: '/api/v1/deployments',
    query: ['agent_id', 'status', 'limit', 'offset'],
    repeat: 'always',
  },
  createTask: { method: 'POST', path: '/api/v1/tasks', query: [], repeat: 'with_key' },
  listTasks: {
    method: 'GET',
    path: '/api/v1/tasks',
    query: ['status', 'limit', 'cursor'],
    repeat: 'always',
  },
  getTask: { method: 'GET', path: '/api/v1/tasks/{task_id}', query: [], repeat: 'always' },
  distributeTask: {
    method: 'POST',
    path: '/api/v1/tasks/{task_id}/distribute',
    query: [],
    repeat: 'with_key',
  },
  cancelTask: {
    method: 'POST',
    path: '/api/v1/tasks/{task_id}/cancel',
    query: [],
    repeat: 'never',
  },
});
