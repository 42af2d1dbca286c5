import type { AgentRecord } from '../store/store.js';
import { Agent } from './agent.js';
import type { AgentConfig } from './types.js';

/** An agent as it was stored, that runs nowhere yet. */
export function storedAgent(record: AgentRecord, mailboxBytes: number): Agent {
  // Servers before this one knew of no instances.
  const stored = record.config as Partial<AgentConfig>;
  const config = { ...stored, instances: stored.instances ?? 1 } as AgentConfig;
  const agent = new Agent({ ...record, config }, mailboxBytes);
  for (const each of record.registrations?.capabilities ?? []) agent.capabilities.add(each);
  return agent;
}
