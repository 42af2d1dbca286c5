import type { AgentConfigInput, ConfigChangeInput } from '../../../api/agent-config.js';
import { OPERATIONS } from '../../../api/operations.js';
import type { AgentState } from '../../../runtime/types.js';
import { AGENT_STATUS_REMOVED, stateOfNumber, statusNumber } from '../agent-status.js';
import { errorFields } from '../error-fields.js';
import { wellFormed } from '../struct.js';
import { timestampOf } from '../timestamps.js';
import { type UnaryMethod, unaryMethod } from '../unary-method.js';

interface DeployAgentRequest {
  wasm_module?: Uint8Array;
  config?: AgentConfigInput;
}

interface ListAgentsRequest {
  status_filter?: number;
  limit?: number;
  offset?: number;
}

interface AgentRequest {
  agent_id: string;
}

interface StopAgentRequest extends AgentRequest {
  grace_period_seconds?: number;
  drain_messages?: boolean;
}

interface UpdateAgentRequest extends AgentRequest {
  wasm_module?: Uint8Array;
  config?: ConfigChangeInput;
  strategy?: 'immediate' | 'rolling' | 'blue_green' | 'canary';
}

interface ReloadAgentRequest extends AgentRequest {
  wasm_module: Uint8Array;
  config?: ConfigChangeInput;
}

interface GetAgentLogsRequest extends AgentRequest {
  limit?: number;
}

interface ListCapabilitiesRequest {
  limit?: number;
  offset?: number;
}

const same = <T>(request: T): T => request;

function withStatus<T extends { readonly status: AgentState }>(
  output: T,
): Omit<T, 'status'> & { status: number } {
  return { ...output, status: statusNumber(output.status) };
}

export const agentMethods: readonly UnaryMethod[] = [
  unaryMethod(
    'DeployAgent',
    OPERATIONS.deployAgent,
    // What is missing is for the operation to say.
    (request: DeployAgentRequest) => request as Required<DeployAgentRequest>,
    (output) => ({
      ...withStatus(output),
      lifecycle_state: statusNumber(output.lifecycle_state),
      deployed_at: timestampOf(output.deployed_at),
    }),
  ),
  unaryMethod(
    'ListAgents',
    OPERATIONS.listAgents,
    ({ status_filter: filter, ...page }: ListAgentsRequest) =>
      filter === undefined ? page : { ...page, status: stateOfNumber(filter, 'status_filter') },
    (output) => ({
      ...output,
      agents: output.agents.map((agent) => ({
        ...withStatus(agent),
        created_at: timestampOf(agent.created_at),
      })),
    }),
  ),
  unaryMethod('GetAgent', OPERATIONS.getAgent, same<AgentRequest>, (output) => ({
    ...withStatus(output),
    created_at: timestampOf(output.created_at),
    deployment: {
      ...output.deployment,
      deployed_at: timestampOf(output.deployment.deployed_at),
    },
    failure: output.failure && errorFields(output.failure),
  })),
  unaryMethod('StopAgent', OPERATIONS.stopAgent, same<StopAgentRequest>, (output) => ({
    ...withStatus(output),
    estimated_completion: timestampOf(output.estimated_completion),
  })),
  unaryMethod('StartAgent', OPERATIONS.startAgent, same<AgentRequest>, (output) => ({
    ...withStatus(output),
    started_at: timestampOf(output.started_at),
  })),
  unaryMethod('RemoveAgent', OPERATIONS.removeAgent, same<AgentRequest>, (output) => ({
    ...output,
    status: AGENT_STATUS_REMOVED,
    removed_at: timestampOf(output.removed_at),
  })),
  unaryMethod('UpdateAgent', OPERATIONS.updateAgent, same<UpdateAgentRequest>, (output) => output),
  unaryMethod('ReloadAgent', OPERATIONS.reloadAgent, same<ReloadAgentRequest>, (output) => ({
    ...output,
    started_at: timestampOf(output.started_at),
  })),
  unaryMethod('GetAgentLogs', OPERATIONS.agentLogs, same<GetAgentLogsRequest>, (output) => ({
    ...output,
    lines: output.lines.map((line) => ({
      ...line,
      timestamp: timestampOf(line.timestamp),
      text: wellFormed(line.text),
    })),
  })),
  unaryMethod(
    'ListCapabilities',
    OPERATIONS.listCapabilities,
    same<ListCapabilitiesRequest>,
    (output) => ({
      ...output,
      capabilities: output.capabilities.map((capability) => ({
        ...capability,
        name: wellFormed(capability.name),
        versions: capability.versions.map(wellFormed),
        providers: capability.providers.map(withStatus),
      })),
    }),
  ),
];
