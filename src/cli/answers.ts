import type {
  createDeployment,
  getDeployment,
  listDeployments,
  rollbackDeployment,
} from '../api/operations/deployments.js';
import type { OPERATIONS } from '../api/operations.js';
import type { MessageJson } from '../fipa/message.js';

type AnswerOf<Key extends keyof typeof OPERATIONS> = Awaited<
  ReturnType<(typeof OPERATIONS)[Key]['run']>
>;

/** Answers of the API as the command line reads them. */
export type DeployAnswer = AnswerOf<'deployAgent'>;
export type AgentPage = AnswerOf<'listAgents'>;
export type AgentDetails = AnswerOf<'getAgent'>;
export type StopAnswer = AnswerOf<'stopAgent'>;
export type StartAnswer = AnswerOf<'startAgent'>;
export type RemoveAnswer = AnswerOf<'removeAgent'>;
export type AgentLogs = AnswerOf<'agentLogs'>;
export type AgentMetrics = AnswerOf<'agentMetrics'>;
export type SystemMetrics = AnswerOf<'systemMetrics'>;
export type SystemStatus = AnswerOf<'systemStatus'>;
export type RetryAnswer = AnswerOf<'retryDeadLetter'>;
export type CreateTaskAnswer = AnswerOf<'createTask'>;
export type DistributeAnswer = AnswerOf<'distributeTask'>;
export type TaskDetails = AnswerOf<'getTask'>;
export type TaskPage = AnswerOf<'listTasks'>;
export type CancelAnswer = AnswerOf<'cancelTask'>;

// Those with messages in them are written by the server as text, straight from their stored form.
export interface SendAnswer {
  readonly message_id: string;
  readonly status: string;
  readonly delivered_at: string;
  readonly reply?: MessageJson;
}

export interface MessagePage {
  readonly messages: readonly MessageJson[];
  readonly total: number;
  readonly next_cursor?: string;
}

export interface DeadLetterPage {
  readonly dead_letters: ReadonlyArray<{
    readonly message_id: string;
    readonly agent_id: string;
    readonly failed_at: string;
    readonly error: { readonly code: string; readonly message: string };
    readonly message: MessageJson;
  }>;
  readonly total: number;
  readonly next_cursor?: string;
}

export type DeploymentCreated = Awaited<ReturnType<typeof createDeployment.run>>;
export type DeploymentDetails = Awaited<ReturnType<typeof getDeployment.run>>;
export type DeploymentPage = Awaited<ReturnType<typeof listDeployments.run>>;
export type RollbackAnswer = Awaited<ReturnType<typeof rollbackDeployment.run>>;

export interface ReloadAnswer {
  readonly hot_reload_id: string;
  readonly status: string;
  readonly from_version: string;
  readonly to_version: string;
  readonly strategy: string;
  readonly started_at: string;
}

export interface UpdateAnswer {
  readonly agent_id: string;
  readonly status: string;
  readonly deployment_id: string;
}

export interface ConversationAnswer extends MessagePage {
  readonly conversation_id: string;
  readonly protocol?: string;
  readonly state: string;
  readonly participants: ReadonlyArray<{
    readonly id: string;
    readonly role: string;
    readonly state?: string;
  }>;
}
