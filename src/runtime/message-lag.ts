import { LIMITS } from '../base/limits.js';
import type { Agent } from './agent.js';

/**
 * How far, at most, messages come behind their times, in milliseconds: an agent gives a message its
 * time when it sends it, and it counts when the agent is done.
 */
export function messageLagMs(agents: Iterable<Agent>): number {
  let longestMs: number = LIMITS.max_message_ms_default;
  for (const { identity } of agents) {
    longestMs = Math.max(longestMs, identity.config.maxMessageMs);
  }
  return longestMs;
}
