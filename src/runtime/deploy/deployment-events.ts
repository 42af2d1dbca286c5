import type { EventType } from '../event-types.js';
import type { EventBody } from '../streamed-event.js';
import type { DeploymentState } from './state.js';

/**
 * The type of the event that tells of a change, or undefined when there is nothing to tell:
 * `deployment.created`, `.progressed` (stage or share), `.completed`, `.rolling_back`,
 * `.rolled_back`, `.failed`.
 */
export function deploymentEventType(
  before: DeploymentState | undefined,
  after: DeploymentState,
): EventType | undefined {
  if (before === undefined) return 'deployment.created';
  const { status } = after;
  const tells = status !== 'in_progress' && status !== 'initializing';
  if (status !== before.status && tells) return `deployment.${status}`;
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
