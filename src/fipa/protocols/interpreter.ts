import type { Performative } from '../performative.js';
import type { Protocol, Role } from './protocol.js';

/** The one reader of the tables: pure, and the same for every protocol. */

/** The state that follows, or undefined when the act is not legal. */
export function nextState(
  protocol: Protocol,
  state: string,
  by: Role,
  act: Performative,
): string | undefined {
  for (const [from, role, acts, to] of protocol.transitions) {
    if (from === state && role === by && acts.includes(act)) return to;
  }
  return undefined;
}

/** What this side may say in this state, in the order of the table. */
export function legalActs(protocol: Protocol, state: string, by: Role): Performative[] {
  return protocol.transitions.flatMap(([from, role, acts]) =>
    from === state && role === by ? acts : [],
  );
}

/** Whether the exchange with a participant is over in this state. */
export function isFinal(protocol: Protocol, state: string): boolean {
  return protocol.finals.includes(state);
}

/** Whether more may still be said in this state, also where it is a final one. */
export function maySpeak(protocol: Protocol, state: string): boolean {
  return protocol.transitions.some(([from]) => from === state);
}
