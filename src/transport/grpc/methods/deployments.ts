import {
  createDeployment,
  getDeployment,
  listDeployments,
  rollbackDeployment,
} from '../../../api/operations/deployments.js';
import type { DeploymentStrategyInput } from '../../../api/strategy-input.js';
import type { DeploymentStatus } from '../../../runtime/deploy/state.js';
import { wellFormed } from '../struct.js';
import { timestampOf } from '../timestamps.js';
import { type UnaryMethod, unaryMethod } from '../unary-method.js';

interface CreateDeploymentRequest {
  agent_id: string;
  wasm_module: Uint8Array;
  version?: string;
  strategy?: DeploymentStrategyInput;
}

interface DeploymentRequest {
  deployment_id: string;
}

interface RollbackDeploymentRequest extends DeploymentRequest {
  reason?: string;
}

interface ListDeploymentsRequest {
  agent_id?: string;
  status?: DeploymentStatus;
  limit?: number;
  offset?: number;
}

type DeploymentOutput = Awaited<ReturnType<typeof getDeployment.run>>;

const same = <T>(request: T): T => request;

function deploymentFields({ reason, ...output }: DeploymentOutput) {
  return {
    ...output,
    created_at: timestampOf(output.created_at),
    stages: output.stages.map(({ completed_at: completedAt, ...stage }) => ({
      ...stage,
      started_at: timestampOf(stage.started_at),
      ...(completedAt === undefined ? {} : { completed_at: timestampOf(completedAt) }),
    })),
    ...(reason === undefined ? {} : { reason: wellFormed(reason) }),
  };
}

export const deploymentMethods: readonly UnaryMethod[] = [
  unaryMethod('CreateDeployment', createDeployment, same<CreateDeploymentRequest>, (output) => ({
    ...output,
    created_at: timestampOf(output.created_at),
  })),
  unaryMethod('GetDeployment', getDeployment, same<DeploymentRequest>, deploymentFields),
  unaryMethod(
    'RollbackDeployment',
    rollbackDeployment,
    same<RollbackDeploymentRequest>,
    (output) => ({ ...output, estimated_completion: timestampOf(output.estimated_completion) }),
  ),
  unaryMethod('ListDeployments', listDeployments, same<ListDeploymentsRequest>, (output) => ({
    ...output,
    deployments: output.deployments.map(deploymentFields),
  })),
];
