import { CaxtonError } from '../base/errors.js';
import type { Instance } from './agent.js';
import type { AgentState } from './types.js';

/** What became of an accepted message: in a mailbox, or held for an agent that can't take it yet. */
export type Acceptance = 'delivered' | 'queued';

export function acceptanceBy(instance: Instance): Acceptance {
  return instance.ready && instance.agent.state === 'running' ? 'delivered' : 'queued';
}

/** @throws CaxtonError UNAVAILABLE, RESOURCE_LIMIT_EXCEEDED when it can't take a message so long */
export function checkTakes({ agent, mailbox }: Instance, length: number): void {
  // An agent that is being started gets its messages as soon as it runs: its agent_init may have
  // asked somebody for something.
  if (agent.state !== 'running' && agent.state !== 'draining' && agent.state !== 'loaded') {
    throw notRunning(agent.id, agent.state);
  }
  mailbox.checkRoom(agent.id, length);
}

export function notRunning(agentId: string, status: AgentState): CaxtonError {
  return new CaxtonError(
    'UNAVAILABLE',
    `Agent '${agentId}' is ${status}; start it with POST /api/v1/agents/${agentId}/start.`,
    { agent_id: agentId, status, retry_after_seconds: null },
  );
}

/** Whether a message was refused for want of room in the history alone: later there will be some. */
export function isHistoryBehind(refusal: CaxtonError): boolean {
  return refusal.details.resource === 'history';
}

export function historyBehind(): CaxtonError {
  return new CaxtonError(
    'UNAVAILABLE',
    'The message history can’t keep up, or its disk fails; send again later.',
    { resource: 'history', retry_after_seconds: 1 },
  );
}
