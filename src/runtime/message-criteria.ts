import type { Envelope } from '../fipa/message.js';
import type { Performative } from '../fipa/performative.js';

/** Gives an agent's name by its id, also that of one that was removed. */
export type NameOf = (id: string) => string | undefined;

/** What a message must be like; an absent part matches everything. All parts have to hold. */
export interface MessageCriteria {
  /** Ids or names of agents, names of clients: one of them at either end. */
  readonly agents?: ReadonlySet<string> | undefined;
  /** The same, at the receiving end. */
  readonly receivers?: ReadonlySet<string> | undefined;
  readonly performatives?: ReadonlySet<Performative> | undefined;
  readonly conversationId?: string | undefined;
}

/**
 * Names are looked up for each message and not when the criteria are made: an agent may be deployed
 * later, or be removed and deployed anew under another id.
 */
export function matchesMessage(
  criteria: MessageCriteria,
  message: Envelope,
  nameOf: NameOf,
): boolean {
  const { agents, receivers, performatives, conversationId } = criteria;
  if (performatives !== undefined && !performatives.has(message.performative)) return false;
  if (conversationId !== undefined && conversationId !== message.conversationId) return false;
  if (receivers !== undefined && !names(receivers, message.receiver, nameOf)) return false;
  return (
    agents === undefined ||
    names(agents, message.receiver, nameOf) ||
    names(agents, message.sender, nameOf)
  );
}

function names(wanted: ReadonlySet<string>, id: string, nameOf: NameOf): boolean {
  if (wanted.has(id)) return true;
  const name = nameOf(id);
  return name !== undefined && wanted.has(name);
}
