import type { METRIC_PERIODS } from '../../../api/operations/metrics.js';
import { OPERATIONS } from '../../../api/operations.js';
import { timestampOf } from '../timestamps.js';
import { type UnaryMethod, unaryMethod } from '../unary-method.js';

interface GetAgentMetricsRequest {
  agent_id: string;
  period?: (typeof METRIC_PERIODS)[number];
}

const same = <T>(request: T): T => request;

export const metricsMethods: readonly UnaryMethod[] = [
  unaryMethod('GetSystemMetrics', OPERATIONS.systemMetrics, same<object>, (output) => ({
    ...output,
    timestamp: timestampOf(output.timestamp),
  })),
  unaryMethod(
    'GetAgentMetrics',
    OPERATIONS.agentMetrics,
    same<GetAgentMetricsRequest>,
    (output) => ({
      ...output,
      metrics: {
        ...output.metrics,
        errors: output.metrics.errors.map((error) => ({
          ...error,
          timestamp: timestampOf(error.timestamp),
          first_timestamp: timestampOf(error.first_timestamp),
        })),
      },
    }),
  ),
  unaryMethod('GetStatus', OPERATIONS.systemStatus, same<object>, (output) => ({
    ...output,
    started_at: timestampOf(output.started_at),
  })),
];
