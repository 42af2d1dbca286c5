import { CaxtonError, isUnavailable, type PlainError } from '../base/errors.js';
import type { Agent } from './agent.js';
import type { LogLine } from './types.js';

export function tooManyAgents(limit: number): CaxtonError {
  return new CaxtonError('RESOURCE_LIMIT_EXCEEDED', 'No more agents can be deployed.', {
    resource: 'agents',
    limit,
  });
}

/** @param agentId of the agent that has the name; undefined while it is being deployed */
export function nameTaken(name: string, agentId: string | undefined): CaxtonError {
  return new CaxtonError(
    'AGENT_ALREADY_EXISTS',
    `An agent named '${name}' exists already; choose another name or remove it first.`,
    { name, agent_id: agentId },
  );
}

/** An agent went while it was started. */
export function removedMeanwhile(agent: Agent): CaxtonError {
  return new CaxtonError('CONFLICT', `Agent '${agent.id}' was removed while it was started.`, {
    agent_id: agent.id,
  });
}

const LOG_LINES_SHOWN = 10;
const lineText = (line: LogLine): string => line.text;

/**
 * What the module itself did wrong keeps its code; that an agent's own start failed is a failed
 * deployment.
 */
export function deploymentFailed(error: unknown, agent: Agent): unknown {
  if (!(error instanceof CaxtonError)) return error;
  if (error.code === 'INVALID_WASM' || error.code === 'DEPLOYMENT_FAILED') return error;
  // No fault of the module, and nothing is left of it: the same may succeed later.
  if (isUnavailable(error)) {
    const { code, message, details } = error;
    return new CaxtonError(code, message, { retry_after_seconds: 1, ...details }, error);
  }
  return new CaxtonError(
    'DEPLOYMENT_FAILED',
    `The agent could not be started: ${error.message}`,
    { cause: error.code, ...error.details, log: agent.logs.last(LOG_LINES_SHOWN).map(lineText) },
    error,
  );
}

/** Why a deployment of an agent can't go on that somebody stopped. */
export function stoppedMeanwhile(agent: Agent): PlainError {
  const details = { agent_id: agent.id };
  return { code: 'CONFLICT', message: `Agent '${agent.id}' was stopped.`, details };
}
