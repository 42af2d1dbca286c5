import type { DeploymentState } from '../../src/runtime/deploy/state.js';
import type { StrategyInput } from '../../src/runtime/deploy/strategy-plan.js';
import { eventually } from './eventually.js';
import { GuestBuilder } from './guest-builder.js';
import { compileWat } from './guests.js';
import type { TestRuntime } from './runtime.js';

export interface VersionedGuest {
  /** Body of agent_init, which leaves an i32. */
  readonly init?: string;
  /** Added before the answer is sent. */
  readonly before?: string;
}

/** An agent that answers every message of "tester" with the name of its version. */
export function versioned(
  name: string,
  { init, before = '' }: VersionedGuest = {},
): Promise<Uint8Array> {
  const guest = new GuestBuilder();
  const answer = guest.json({ performative: 'inform', receiver: 'tester', content: name });
  const send = guest.use('send_message');
  if (init !== undefined) guest.export('agent_init', init, '(result i32)');
  return compileWat(`versioned-${name}`, guest.build(`${before} (call ${send} ${answer})`));
}

/** Begins a deployment of another module. */
export function beginDeployment(
  test: TestRuntime,
  agent: string,
  wasm: Uint8Array,
  strategy: StrategyInput,
  kind: 'deployment' | 'reload' = 'deployment',
): Promise<DeploymentState> {
  return test.runtime.updates.begin({
    agentId: test.runtime.agents.get(agent).agentId,
    kind,
    wasm,
    strategy,
    strategyPath: 'strategy',
    createdBy: 'tests',
  });
}

/** Resolves when a deployment has ended. */
export function ended(test: TestRuntime, { plan }: DeploymentState): Promise<DeploymentState> {
  return eventually(`the end of ${plan.deploymentId}`, async () => {
    const state = await test.runtime.deployments.get(plan.deploymentId);
    return ['completed', 'rolled_back', 'failed'].includes(state.status) && state;
  });
}
