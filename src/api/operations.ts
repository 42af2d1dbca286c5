import type { Operation, StreamOperation } from './operation.js';
import {
  agentLogs,
  deployAgent,
  getAgent,
  listAgents,
  removeAgent,
  startAgent,
  stopAgent,
} from './operations/agents.js';
import { listDeadLetters, retryDeadLetter } from './operations/dead-letters.js';
import { subscribeEvents } from './operations/events.js';
import { getMessage, listMessages, sendMessage } from './operations/messages.js';
import { agentMetrics, systemMetrics, systemStatus } from './operations/metrics.js';

/** Every operation of the API, by key. Transports serve these and nothing else under /api/v1. */
export const OPERATIONS = Object.freeze({
  deployAgent,
  listAgents,
  getAgent,
  stopAgent,
  startAgent,
  removeAgent,
  agentLogs,
  sendMessage,
  listMessages,
  getMessage,
  listDeadLetters,
  retryDeadLetter,
  systemMetrics,
  agentMetrics,
  systemStatus,
});

/** What is no question and answer: streams that clients open. */
export const STREAM_OPERATIONS: readonly StreamOperation[] = Object.freeze([subscribeEvents]);

/** The table as a list, where the types of the single inputs don't matter. */
export function allOperations(): readonly Operation<unknown, unknown>[] {
  return Object.values(OPERATIONS) as unknown as Operation<unknown, unknown>[];
}
