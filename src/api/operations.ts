import type { Operation, StreamOperation } from './operation.js';
import { reloadAgent, updateAgent } from './operations/agent-updates.js';
import {
  agentLogs,
  deployAgent,
  getAgent,
  listAgents,
  removeAgent,
  startAgent,
  stopAgent,
} from './operations/agents.js';
import { listCapabilities } from './operations/capabilities.js';
import { getConversation } from './operations/conversations.js';
import { listDeadLetters, retryDeadLetter } from './operations/dead-letters.js';
import {
  createDeployment,
  getDeployment,
  listDeployments,
  rollbackDeployment,
} from './operations/deployments.js';
import { subscribeEvents } from './operations/events.js';
import { getMessage, listMessages, sendMessage } from './operations/messages.js';
import { agentMetrics, systemMetrics, systemStatus } from './operations/metrics.js';
import { cancelTask, createTask, distributeTask, getTask, listTasks } from './operations/tasks.js';

/** Every operation of the API, by key. Transports serve these and nothing else under /api/v1. */
export const OPERATIONS = Object.freeze({
  deployAgent,
  listAgents,
  getAgent,
  stopAgent,
  startAgent,
  removeAgent,
  agentLogs,
  updateAgent,
  reloadAgent,
  listCapabilities,
  sendMessage,
  listMessages,
  getMessage,
  getConversation,
  listDeadLetters,
  retryDeadLetter,
  systemMetrics,
  agentMetrics,
  systemStatus,
  createDeployment,
  getDeployment,
  rollbackDeployment,
  listDeployments,
  createTask,
  listTasks,
  getTask,
  distributeTask,
  cancelTask,
});

/** What is no question and answer: streams that clients open. */
export const STREAM_OPERATIONS: readonly StreamOperation[] = Object.freeze([subscribeEvents]);

/** The table as a list, where the types of the single inputs don't matter. */
export function allOperations(): readonly Operation<unknown, unknown>[] {
  return Object.values(OPERATIONS) as unknown as Operation<unknown, unknown>[];
}
