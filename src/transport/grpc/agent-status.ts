import { invalidRequest } from '../../base/errors.js';
import { AGENT_STATES, type AgentState } from '../../runtime/types.js';

// The enum has the states in their order, after AGENT_STATUS_UNSPECIFIED.
const numbers = new Map<AgentState, number>(AGENT_STATES.map((state, i) => [state, i + 1]));

export const AGENT_STATUS_REMOVED = 7;

/** The number of caxton.v1.AgentStatus. */
export function statusNumber(state: AgentState): number {
  return numbers.get(state)!;
}

/**
 * The state of a number of caxton.v1.AgentStatus.
 * @throws CaxtonError INVALID_REQUEST naming the field
 */
export function stateOfNumber(number: number, field: string): AgentState {
  const state = AGENT_STATES[number - 1];
  if (state !== undefined) return state;
  throw invalidRequest(
    `${field} ${number} is no state to look for; take one of ${AGENT_STATES.map((name) => `AGENT_STATUS_${name.toUpperCase()}`).join(', ')}.`,
    field,
  );
}
