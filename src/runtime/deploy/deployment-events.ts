import type { EventBody } from '../events.js';
import type { DeploymentState } from './state.js';

/**
 * The type of the event that tells of a change, or undefined when there is nothing to tell:
 * `deployment.created`, `.progressed` (stage or share), `.completed`, `.rolling_back`,
 * `.rolled_back`, `.failed`.
 */
export function deploymentEventType(
  before: DeploymentState | undefined,
  after: DeploymentState,
): string | undefined {
  if (before === undefined) return 'deployment.created';
  const { status } = after;
  if (status !== before.status && status !== 'in_progress') return `deployment.${status}`;
  const progressed = after.stage !== before.stage || after.share !== before.share;
  return progressed || status !== before.status ? 'deployment.progressed' : undefined;
}

/** The fields of a `deployment.*` event. */
export function deploymentEventBody(state: DeploymentState): EventBody {
  const { plan, reason } = state;
  return {
    deployment_id: plan.deploymentId,
    agent_id: plan.agentId,
    strategy: plan.strategy,
    status: state.status,
    current_stage: state.stage,
    current_percentage: state.share,
    from_version: plan.fromVersion,
    to_version: plan.toVersion,
    ...(reason === undefined ? {} : { reason }),
  };
}
