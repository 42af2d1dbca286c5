import { Agent, type Instance } from '../../src/runtime/agent.js';
import { AgentActivity } from '../../src/runtime/agent-activity.js';
import type { AgentConfig } from '../../src/runtime/types.js';

let made = 0;

/** An agent as the main thread knows it, that no worker has. */
export function makeAgent(name: string, config: Partial<AgentConfig> = {}): Agent {
  const agent = new Agent(
    {
      agentId: `agent_${++made}`,
      config: {
        name,
        version: '1.0.0',
        strategy: 'immediate',
        memoryBytes: 65_536,
        memoryText: '64KiB',
        fuelPerMessage: 1_000,
        cpuShareMillis: 0,
        maxMessageMs: 1_000,
        mailboxMessages: 10,
        instances: 1,
        environment: {},
        capabilities: [],
        ...config,
      },
      moduleHash: 'hash',
      deploymentId: 'deploy_1',
      deployedBy: 'tests',
      createdMs: 0,
      deployedMs: 0,
    },
    10_000,
    new AgentActivity(),
  );
  agent.state = 'loaded';
  return agent;
}

/** The one instance of such an agent. */
export function makeInstance(name: string, config: Partial<AgentConfig> = {}): Instance {
  return makeAgent(name, config).instances[0] as Instance;
}
