import type { EventBody } from './streamed-event.js';

/** Families whose `from` and `to` are ends of a message; those of `agent.*` are states. */
const OF_MESSAGES = ['message.', 'conversation.'] as const;

/** Ids of agents, and names of clients, that an event is about. */
export function agentIdsOf(type: string, body: EventBody): string[] {
  const ofMessage = OF_MESSAGES.some((family) => type.startsWith(family));
  const ids: unknown[] = ofMessage ? [body.agent_id, body.from, body.to] : [body.agent_id];
  return ids.filter((id) => typeof id === 'string');
}
