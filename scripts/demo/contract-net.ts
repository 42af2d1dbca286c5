import { deploy, sampleModule } from './agents.js';
import type { RestApi } from './rest-api.js';
import { expect, heading, line } from './story.js';

/** What each is configured with; the last one turns every call down. */
const BIDDERS = {
  slow: { capability: 'counting', speed: '5', confidence: '0.9' },
  quick: { capability: 'counting', speed: '50', confidence: '0.8' },
  unsure: { capability: 'counting', speed: '50', confidence: '0.2' },
  busy: { capability: 'counting', speed: '90', confidence: '0.9', refuse: 'true' },
} as const;
const BEST = 'quick';

interface Distribution {
  readonly assigned_to: string;
  readonly proposals_received: number;
}

interface Task {
  readonly status: string;
  readonly result?: unknown;
}

interface Agent {
  readonly agent_id: string;
}

/** A task that four agents are asked to do, and that the best bid among them wins. */
export async function showContractNet(rest: RestApi): Promise<void> {
  heading('A task, offered to all that can do it and won by the best bid');
  const module = sampleModule('bidder');
  for (const [name, environment] of Object.entries(BIDDERS)) {
    await deploy(rest, name, module, environment);
  }
  const { task_id } = await rest.post<{ task_id: string }>('/api/v1/tasks', {
    name: 'count the primes',
    data: { size: 500 },
    requirements: { capabilities: ['counting'] },
  });
  const distribution = await rest.post<Distribution>(`/api/v1/tasks/${task_id}/distribute`, {
    strategy: 'best_bid',
    max_wait_seconds: 5,
  });
  const best = await rest.get<Agent>(`/api/v1/agents/${BEST}`);
  expect(distribution.assigned_to === best.agent_id, `${distribution.assigned_to} won the task`);
  line(['proposals', 28], [String(distribution.proposals_received), 0]);
  line(['won by', 28], [`${BEST}: the most confidence for the least time`, 0]);
  let task: Task;
  do task = await rest.get<Task>(`/api/v1/tasks/${task_id}`);
  while (task.status === 'in_progress');
  expect(task.status === 'completed', `the task is ${task.status}`);
  line([task.status, 28], [JSON.stringify(task.result), 0]);
}
