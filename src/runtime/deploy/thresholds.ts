import { LIMITS } from '../../base/limits.js';
import { type DeploymentState, messagesSeen } from './state.js';

/**
 * Why the figures of the new version are too bad to go on; undefined while they are not, or while
 * it has seen too few messages to tell.
 */
export function thresholdPassed(state: DeploymentState): string | undefined {
  const { onError, errorThreshold, latencyThresholdMs } = state.plan.rollback;
  if (!onError) return undefined;
  const { messages, failed } = messagesSeen(state);
  const least = LIMITS.error_threshold_messages;
  if (messages >= least && failed / messages > errorThreshold) {
    return `${failed} of ${messages} messages failed on version ${state.plan.toVersion}, more than error_threshold ${errorThreshold} allows.`;
  }
  const { latencyP99Ms } = state.figures;
  const slow = latencyThresholdMs !== undefined && latencyP99Ms > latencyThresholdMs;
  if (slow && state.figures.messages >= least) {
    return `The 99th percentile of latency on version ${state.plan.toVersion} is ${latencyP99Ms} ms, more than latency_threshold_ms ${latencyThresholdMs} allows.`;
  }
  return undefined;
}
