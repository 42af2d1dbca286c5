// Made from the server's table of operations by `npm run sdk-types`: change that, not this file.

import type { WasmModule } from './wasm-module.js';

/** Of the types below: fields have the names that the REST API prints, times are RFC 3339. */

export type AgentStatus = 'unloaded' | 'loaded' | 'running' | 'draining' | 'stopped' | 'failed';

export type Performative =
  | 'accept-proposal'
  | 'agree'
  | 'cancel'
  | 'cfp'
  | 'confirm'
  | 'disconfirm'
  | 'failure'
  | 'inform'
  | 'inform-if'
  | 'inform-ref'
  | 'not-understood'
  | 'propagate'
  | 'propose'
  | 'proxy'
  | 'query-if'
  | 'query-ref'
  | 'refuse'
  | 'reject-proposal'
  | 'request'
  | 'request-when'
  | 'request-whenever'
  | 'subscribe'
  | 'inform-done'
  | 'inform-result';

export interface Failure {
  code: string;
  message: string;
  details: Record<string, unknown>;
}

export interface Message {
  message_id: string;
  performative: Performative;
  sender: string;
  receiver: string;
  content?: unknown;
  conversation_id?: string;
  reply_with?: string;
  in_reply_to?: string;
  reply_to?: string;
  ontology?: string;
  language?: string;
  protocol?: string;
  /** RFC 3339, UTC. */
  reply_by?: string;
  priority?: number;
  traceparent?: string;
  /** RFC 3339, UTC. */
  timestamp: string;
}

export interface DeliveryOptions {
  timeout_ms?: number;
  /** Answer only when the message is on disk. */
  persist?: boolean;
  priority?: number;
  idempotency_key?: string;
}

export interface AgentConfig {
  /** unique, of letters, digits, dot, dash and underscore, a letter or digit first. */
  name: string;
  version?: string;
  resources?: {
    /** Most memory: "50MB", "64MiB" or bytes; rounded up to whole 64 KiB pages. */
    memory?: string | number;
    /** Fuel per message ("100000"), or a share of one core ("100m"). */
    cpu?: string | number;
    /** Most messages that wait for the agent. */
    mailbox?: number;
    /** Wall-clock backstop for one message. */
    max_message_ms?: number;
    /** How many run side by side; a conversation stays on one of them. */
    instances?: number;
  };
  /** What the agent reads with get_config. */
  environment?: Record<string, string>;
  capabilities?: Array<string>;
  strategy?: 'immediate' | 'rolling' | 'blue_green' | 'canary';
}

export type DeploymentStrategy = {
  rollback_on_error?: boolean;
  /** Share of the new version’s messages that may fail. */
  error_threshold?: number;
  /** Largest 99th percentile of the new version’s latency. */
  latency_threshold_ms?: number;
} & (
  | {
      type: 'immediate';
    }
  | {
      type: 'rolling';
      /** For rolling: instances replaced at a time. */
      batch_size?: number;
    }
  | {
      type: 'blue_green';
      /** A number with ms, s, m, h or d: "5m"; "0" = none. */
      cleanup_delay?: string | number;
    }
  | {
      type: 'canary';
      /** For canary: shares that grow to 100, and how long each stays. */
      stages?: Array<{
        percentage: number;
        /** A number with ms, s, m, h or d: "5m"; "0" = none. */
        duration: string | number;
      }>;
    }
);

export interface AgentDetails {
  agent_id: string;
  name: string;
  status: AgentStatus;
  version: string;
  /** RFC 3339, UTC. */
  created_at: string;
  deployment: {
    strategy: string;
    /** RFC 3339, UTC. */
    deployed_at: string;
    deployed_by: string;
  };
  resources: {
    limits: {
      memory: string;
      cpu: string;
    };
    usage: {
      memory: string;
      cpu: string;
    };
  };
  metrics: {
    messages_processed: number;
    messages_failed: number;
    average_latency_ms: number;
    uptime_seconds: number;
    fuel_total: number;
    last_message_fuel: number;
    restarts: number;
    mailbox_messages: number;
  };
  capabilities: Array<string>;
  failure?: Failure;
}

export interface Deployment {
  deployment_id: string;
  agent_id: string;
  strategy:
    | 'immediate'
    | 'rolling'
    | 'blue_green'
    | 'canary'
    | 'graceful'
    | 'parallel'
    | 'traffic_splitting';
  status: 'initializing' | 'in_progress' | 'completed' | 'rolling_back' | 'rolled_back' | 'failed';
  current_stage: number;
  current_percentage: number;
  from_version: string;
  to_version: string;
  /** RFC 3339, UTC. */
  created_at: string;
  created_by: string;
  metrics: {
    success_rate: number;
    error_count: number;
    /** Milliseconds. */
    latency_p99: number;
  };
  stages: Array<{
    stage: number;
    percentage: number;
    status: 'in_progress' | 'completed' | 'rolled_back';
    /** RFC 3339, UTC. */
    started_at: string;
    /** RFC 3339, UTC. */
    completed_at?: string;
  }>;
  reason?: string;
}

export interface Task {
  task_id: string;
  name: string;
  description: string;
  status: 'created' | 'distributing' | 'in_progress' | 'completed' | 'failed' | 'cancelled';
  protocol: 'contract_net';
  participants?: Array<string>;
  timeout_seconds: number;
  requirements: {
    capabilities: Array<string>;
    min_performance_score: number;
  };
  /** RFC 3339, UTC. */
  created_at: string;
  created_by: string;
  conversation_id?: string;
  strategy?: 'best_bid' | 'lowest_cost' | 'first_bid' | 'round_robin';
  proposals_received: number;
  assigned_to?: string;
  winning_bid?: {
    agent_id: string;
    /** Seconds. */
    estimated_time: number;
    cost?: number;
    confidence?: number;
  };
  progress: number;
  /** RFC 3339, UTC. */
  started_at?: string;
  /** RFC 3339, UTC. */
  estimated_completion?: string;
  subtasks: Array<{
    id: string;
    status: string;
  }>;
  attempts: Array<{
    agent_id: string;
    outcome: 'completed' | 'failed' | 'timed_out' | 'cancelled';
    reason?: string;
    /** RFC 3339, UTC. */
    started_at: string;
    /** RFC 3339, UTC. */
    ended_at: string;
  }>;
  /** RFC 3339, UTC. */
  ended_at?: string;
  result?: unknown;
  result_message_id?: string;
  reason?: string;
}

/** Of deployAgent: Deploys a WebAssembly agent: checks, meters, compiles and starts it. */
export interface DeployAgentInput {
  /** A WebAssembly module: a file in a multipart form, base64 text in JSON. */
  wasmModule: WasmModule;
  config: AgentConfig;
}

export interface DeployAgentOutput {
  agent_id: string;
  name: string;
  status: AgentStatus;
  /** RFC 3339, UTC. */
  deployed_at: string;
  version: string;
  deployment_id: string;
  lifecycle_state: AgentStatus;
  resource_limits: {
    memory: string;
    cpu_fuel: number;
  };
}

/** Of listAgents: Lists agents, oldest first. */
export interface ListAgentsInput {
  status?: AgentStatus;
  /** Most entries of one page. */
  limit?: number;
  offset?: number;
}

export interface ListAgentsOutput {
  agents: Array<{
    agent_id: string;
    name: string;
    status: AgentStatus;
    version: string;
    /** RFC 3339, UTC. */
    created_at: string;
    resources: {
      memory_used: string;
      cpu_usage: number;
    };
  }>;
  total: number;
  next_offset?: number;
}

/** Of getAgent: Shows one agent: limits, usage and counters. */
export interface GetAgentInput {
  /** Id or name of an agent. */
  agent_id: string;
}

export type GetAgentOutput = AgentDetails;

/** Of stopAgent: Stops an agent: drains its mailbox within the grace period, then ends it. */
export interface StopAgentInput {
  /** Id or name of an agent. */
  agent_id: string;
  grace_period_seconds?: number;
  drain_messages?: boolean;
}

export interface StopAgentOutput {
  agent_id: string;
  status: AgentStatus;
  /** RFC 3339, UTC. */
  estimated_completion: string;
}

/** Of startAgent: Starts an agent that is stopped or failed. */
export interface StartAgentInput {
  /** Id or name of an agent. */
  agent_id: string;
}

export interface StartAgentOutput {
  agent_id: string;
  status: AgentStatus;
  /** RFC 3339, UTC. */
  started_at: string;
}

/** Of removeAgent: Removes an agent with its stored data; its messages stay in the history. */
export interface RemoveAgentInput {
  /** Id or name of an agent. */
  agent_id: string;
}

export interface RemoveAgentOutput {
  agent_id: string;
  status: 'removed';
  /** RFC 3339, UTC. */
  removed_at: string;
}

/** Of agentLogs: Shows the last lines that an agent logged, oldest first. */
export interface AgentLogsInput {
  /** Id or name of an agent. */
  agent_id: string;
  limit?: number;
}

export interface AgentLogsOutput {
  agent_id: string;
  lines: Array<{
    /** RFC 3339, UTC. */
    timestamp: string;
    level: 'info' | 'error';
    text: string;
  }>;
}

/** Of updateAgent: Replaces an agent’s code or configuration, by a deployment that it begins. */
export interface UpdateAgentInput {
  /** Id or name of an agent. */
  agent_id: string;
  /** A WebAssembly module: a file in a multipart form, base64 text in JSON. */
  wasmModule?: WasmModule;
  config?: {
    version?: string;
    resources?: {
      /** Most memory: "50MB", "64MiB" or bytes; rounded up to whole 64 KiB pages. */
      memory?: string | number;
      /** Fuel per message ("100000"), or a share of one core ("100m"). */
      cpu?: string | number;
      /** Most messages that wait for the agent. */
      mailbox?: number;
      /** Wall-clock backstop for one message. */
      max_message_ms?: number;
      /** How many run side by side; a conversation stays on one of them. */
      instances?: number;
    };
    /** What the agent reads with get_config. */
    environment?: Record<string, string>;
    capabilities?: Array<string>;
  };
  strategy?: 'immediate' | 'rolling' | 'blue_green' | 'canary';
}

export interface UpdateAgentOutput {
  agent_id: string;
  status: 'updating';
  deployment_id: string;
}

/** Of reloadAgent: Replaces an agent’s code without downtime; shown and rolled back like a deployment. */
export interface ReloadAgentInput {
  /** Id or name of an agent. */
  agent_id: string;
  /** A WebAssembly module: a file in a multipart form, base64 text in JSON. */
  wasmModule: WasmModule;
  config?: {
    strategy?: 'graceful' | 'immediate' | 'parallel' | 'traffic_splitting';
    /** Share of new conversations with which the new version begins, percent. */
    traffic_split?: number;
    /** A number with ms, s, m, h or d: "5m"; "0" = none. */
    trial?: string | number;
    rollback_on_error?: boolean;
    /** Share of the new version’s messages that may fail. */
    error_threshold?: number;
    /** Largest 99th percentile of the new version’s latency. */
    latency_threshold_ms?: number;
    version?: string;
    resources?: {
      /** Most memory: "50MB", "64MiB" or bytes; rounded up to whole 64 KiB pages. */
      memory?: string | number;
      /** Fuel per message ("100000"), or a share of one core ("100m"). */
      cpu?: string | number;
      /** Most messages that wait for the agent. */
      mailbox?: number;
      /** Wall-clock backstop for one message. */
      max_message_ms?: number;
      /** How many run side by side; a conversation stays on one of them. */
      instances?: number;
    };
    /** What the agent reads with get_config. */
    environment?: Record<string, string>;
    capabilities?: Array<string>;
  };
}

export interface ReloadAgentOutput {
  hot_reload_id: string;
  status: 'in_progress';
  from_version: string;
  to_version: string;
  strategy: string;
  /** RFC 3339, UTC. */
  started_at: string;
}

/** Of listCapabilities: Lists what agents offer, with versions and providers. */
export interface ListCapabilitiesInput {
  /** Most entries of one page. */
  limit?: number;
  offset?: number;
}

export interface ListCapabilitiesOutput {
  capabilities: Array<{
    name: string;
    versions: Array<string>;
    provider_count: number;
    /** The first 100. */
    providers: Array<{
      agent_id: string;
      name: string;
      status: AgentStatus;
    }>;
  }>;
  total: number;
  next_offset?: number;
}

/** Of sendMessage: Sends a FIPA message; with wait, answers with the reply. */
export interface SendMessageInput {
  /** The communicative act: accept-proposal, agree, cancel, cfp, confirm, disconfirm, failure, inform, inform-if, inform-ref, not-understood, propagate, propose, proxy, query-if, query-ref, refuse, reject-proposal, request, request-when, request-whenever, subscribe, inform-done, inform-result. Any case, - or _. */
  performative: Performative;
  /** Agent id or name, client id, capability:NAME or broadcast:NAME. */
  receiver: string;
  /** Who sends; default: the name of the token, or "anonymous". */
  sender?: string;
  /** Any JSON value. */
  content?: unknown;
  /** The conversation; a new one when absent. */
  conversation_id?: string;
  /** What an answer must carry as in_reply_to. */
  reply_with?: string;
  /** The reply_with that this message answers. */
  in_reply_to?: string;
  /** Who shall get the answers instead of the sender. */
  reply_to?: string;
  /** Vocabulary of the content. */
  ontology?: string;
  /** Language of the content. */
  language?: string;
  /** Interaction protocol, such as fipa-request. */
  protocol?: string;
  /** RFC 3339 time until which an answer is awaited. */
  reply_by?: string;
  /** 0 to 9; higher is sooner. */
  priority?: number;
  /** W3C trace context, passed on. */
  traceparent?: string;
  /** Ignored: the server sets it. */
  message_id?: string;
  /** Ignored: the server sets it. */
  timestamp?: string;
  /** How the message is to be delivered. */
  options?: DeliveryOptions;
  /** Wait for the answer. */
  wait?: boolean;
  timeout_ms?: number;
  until?: 'first' | 'final';
}

export interface SendMessageOutput {
  message_id: string;
  status: 'delivered' | 'queued' | 'replied';
  /** RFC 3339, UTC. */
  delivered_at: string;
  reply?: Message;
}

/** Of listMessages: Queries the message history, oldest first unless order says otherwise. */
export interface ListMessagesInput {
  conversation_id?: string;
  /** Either end: id or name. */
  agent?: string;
  sender?: string;
  receiver?: string;
  performative?: Performative;
  /** RFC 3339, inclusive. */
  since?: string;
  /** RFC 3339, exclusive. */
  until?: string;
  order?: 'asc' | 'desc';
  /** Most entries of one page. */
  limit?: number;
  /** next_cursor of the page before. */
  cursor?: string;
}

export interface ListMessagesOutput {
  messages: Array<Message>;
  total: number;
  next_cursor?: string;
}

/** Of getMessage: Shows one message of the history. */
export interface GetMessageInput {
  message_id: string;
}

export type GetMessageOutput = Message;

/** Of getConversation: Shows a conversation: participants, protocol, state and messages, oldest first. */
export interface GetConversationInput {
  conversation_id: string;
  order?: 'asc' | 'desc';
  /** Most entries of one page. */
  limit?: number;
  /** next_cursor of the page before. */
  cursor?: string;
}

export interface GetConversationOutput {
  conversation_id: string;
  protocol?: string;
  state: 'active' | 'completed' | 'untracked';
  participants: Array<{
    /** Id of an agent, or name of a client. */
    id: string;
    role: 'initiator' | 'participant';
    /** Of the exchange with this participant. */
    state?: string;
  }>;
  messages: Array<Message>;
  total: number;
  next_cursor?: string;
}

/** Of listDeadLetters: Lists messages that an agent failed, newest first. */
export interface ListDeadLettersInput {
  /** Id or name of the receiver. */
  agent?: string;
  /** Most entries of one page. */
  limit?: number;
  /** next_cursor of the page before. */
  cursor?: string;
}

export interface ListDeadLettersOutput {
  dead_letters: Array<{
    message_id: string;
    agent_id: string;
    /** RFC 3339, UTC. */
    failed_at: string;
    error: Failure;
    message: Message;
  }>;
  total: number;
  next_cursor?: string;
}

/** Of retryDeadLetter: Puts a dead letter into its agent’s mailbox once more, under its own message_id. */
export interface RetryDeadLetterInput {
  message_id: string;
}

export interface RetryDeadLetterOutput {
  message_id: string;
  status: 'delivered' | 'queued';
  /** RFC 3339, UTC. */
  delivered_at: string;
}

/** Of systemMetrics: Figures of the whole server. */
export type SystemMetricsInput = Record<string, never>;

export interface SystemMetricsOutput {
  /** RFC 3339, UTC. */
  timestamp: string;
  agents: {
    total: number;
    running: number;
    failed: number;
  };
  messages: {
    total_processed: number;
    rate_per_second: number;
    queue_size: number;
  };
  resources: {
    cpu_usage_percent: number;
    memory_used_mb: number;
    memory_available_mb: number;
    disk_used_gb: number;
  };
  performance: {
    /** Milliseconds. */
    message_latency_p50: number;
    /** Milliseconds. */
    message_latency_p99: number;
    agent_spawn_time_ms: number;
  };
}

/** Of agentMetrics: Figures of one agent over a period. */
export interface AgentMetricsInput {
  /** Id or name of an agent. */
  agent_id: string;
  period?: '1m' | '5m' | '1h' | '24h';
}

export interface AgentMetricsOutput {
  agent_id: string;
  period: string;
  metrics: {
    messages_processed: number;
    messages_failed: number;
    /** From acceptance to the end of handling. */
    average_latency_ms: number;
    latency_p50_ms: number;
    latency_p99_ms: number;
    /** Time in the agent. */
    average_handling_ms: number;
    cpu_usage: {
      average: number;
      peak: number;
    };
    memory_usage: {
      average_mb: number;
      peak_mb: number;
    };
    errors: Array<{
      /** RFC 3339, UTC. */
      timestamp: string;
      /** RFC 3339, UTC. */
      first_timestamp: string;
      code: string;
      error: string;
      count: number;
    }>;
  };
}

/** Of systemStatus: Version, age and size of the server. */
export type SystemStatusInput = Record<string, never>;

export interface SystemStatusOutput {
  status: 'ready' | 'degraded' | 'starting' | 'stopping';
  reason?: string;
  version: string;
  uptime_seconds: number;
  workers: number;
  agents: number;
  /** RFC 3339, UTC. */
  started_at: string;
}

/** Of createDeployment: Begins to replace the version of an agent by a strategy. */
export interface CreateDeploymentInput {
  /** Id or name of an agent. */
  agent_id: string;
  /** A WebAssembly module: a file in a multipart form, base64 text in JSON. */
  wasmModule: WasmModule;
  version?: string;
  strategy?: DeploymentStrategy;
}

export interface CreateDeploymentOutput {
  deployment_id: string;
  status: 'initializing' | 'in_progress' | 'completed' | 'rolling_back' | 'rolled_back' | 'failed';
  /** RFC 3339, UTC. */
  created_at: string;
}

/** Of getDeployment: Shows a deployment or a hot reload: stage, share and figures of the new version. */
export interface GetDeploymentInput {
  deployment_id: string;
}

export type GetDeploymentOutput = Deployment;

/** Of rollbackDeployment: Gives everything back to the version from before a deployment or a hot reload. */
export interface RollbackDeploymentInput {
  deployment_id: string;
  reason?: string;
}

export interface RollbackDeploymentOutput {
  deployment_id: string;
  status: 'initializing' | 'in_progress' | 'completed' | 'rolling_back' | 'rolled_back' | 'failed';
  rollback_to_version: string;
  /** RFC 3339, UTC. */
  estimated_completion: string;
}

/** Of listDeployments: Lists deployments and hot reloads, newest first. */
export interface ListDeploymentsInput {
  /** Id or name of an agent. */
  agent_id?: string;
  status?: 'initializing' | 'in_progress' | 'completed' | 'rolling_back' | 'rolled_back' | 'failed';
  /** Most entries of one page. */
  limit?: number;
  offset?: number;
}

export interface ListDeploymentsOutput {
  deployments: Array<Deployment>;
  total: number;
  next_offset?: number;
}

/** Of createTask: Creates a task, to be distributed among agents. */
export interface CreateTaskInput {
  name: string;
  description?: string;
  /** Any JSON value, for the participants. */
  data?: unknown;
  protocol?: 'contract_net';
  /** Ids or names of agents, and clients; default: all that have the capabilities. */
  participants?: Array<string>;
  timeout_seconds?: number;
  requirements?: {
    capabilities?: Array<string>;
    min_performance_score?: number;
  };
}

export interface CreateTaskOutput {
  task_id: string;
  status: 'created' | 'distributing' | 'in_progress' | 'completed' | 'failed' | 'cancelled';
  /** RFC 3339, UTC. */
  created_at: string;
}

/** Of listTasks: Lists tasks, newest first. */
export interface ListTasksInput {
  status?: 'created' | 'distributing' | 'in_progress' | 'completed' | 'failed' | 'cancelled';
  /** Most entries of one page. */
  limit?: number;
  /** next_cursor of the page before. */
  cursor?: string;
}

export interface ListTasksOutput {
  tasks: Array<{
    task_id: string;
    name: string;
    status: 'created' | 'distributing' | 'in_progress' | 'completed' | 'failed' | 'cancelled';
    assigned_to?: string;
    progress: number;
    /** RFC 3339, UTC. */
    created_at: string;
  }>;
  total: number;
  next_cursor?: string;
}

/** Of getTask: Shows one task: who does it, how far it is, and its result. */
export interface GetTaskInput {
  /** Id of a task. */
  task_id: string;
}

export type GetTaskOutput = Task;

/** Of distributeTask: Offers a task to its participants by contract net and awards it to the best bid. */
export interface DistributeTaskInput {
  /** Id of a task. */
  task_id: string;
  strategy?: 'best_bid' | 'lowest_cost' | 'first_bid' | 'round_robin';
  max_wait_seconds?: number;
}

export interface DistributeTaskOutput {
  task_id: string;
  status: 'distributed';
  assigned_to: string;
  proposals_received: number;
  winning_bid: {
    agent_id: string;
    /** Seconds. */
    estimated_time: number;
    cost?: number;
    confidence?: number;
  };
}

/** Of cancelTask: Cancels a task that has not ended, and tells its participants. */
export interface CancelTaskInput {
  /** Id of a task. */
  task_id: string;
  reason?: string;
}

export interface CancelTaskOutput {
  task_id: string;
  status: 'created' | 'distributing' | 'in_progress' | 'completed' | 'failed' | 'cancelled';
  /** RFC 3339, UTC. */
  cancelled_at: string;
}
