import type { AgentRecord } from '../store/store.js';
import type { Agent, AgentIdentity } from './agent.js';
import type { AgentConfig } from './types.js';

/** An agent as it was stored, that runs nowhere yet. */
export function storedAgent(
  record: AgentRecord,
  newAgent: (identity: AgentIdentity) => Agent,
): Agent {
  // Servers before this one knew of no instances.
  const stored = record.config as Partial<AgentConfig>;
  const config = { ...stored, instances: stored.instances ?? 1 } as AgentConfig;
  const agent = newAgent({ ...record, config });
  for (const each of record.registrations?.capabilities ?? []) {
    agent.version.capabilities.add(each);
    agent.capabilities.add(each);
  }
  return agent;
}
