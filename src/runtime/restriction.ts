import { agentIdsOf } from './event-agents.js';
import type { StreamedEvent } from './streamed-event.js';

/** Whether a reader may know of an agent, given by id or name, or of a client. */
export type Allows = (agent: string) => boolean;

type Take = (event: StreamedEvent) => void;

/** Passes on what has an allowed agent in it. Without a restriction nothing is put in between. */
export function restricted(allows: Allows | undefined, take: Take): Take {
  if (allows === undefined) return take;
  return (event) => {
    if (isAllowed(allows, event)) take(event);
  };
}

function isAllowed(allows: Allows, { type, body, message }: StreamedEvent): boolean {
  if (message !== undefined) return allows(message.sender) || allows(message.receiver);
  if (agentIdsOf(type, body).some(allows)) return true;
  // The name too: an agent that was just removed can't be found by its id. Tasks have other names.
  return type.startsWith('agent.') && typeof body.name === 'string' && allows(body.name);
}
