import type { AgentStatus, Deployment, Performative } from './operation-types.js';

/** What every event has. */
export interface EventHead {
  readonly type: string;
  /** RFC 3339, UTC. */
  readonly timestamp: string;
  /** The event's place in the server's sequence. */
  readonly seq: number;
  readonly subscription_id: string;
}

interface EventError {
  readonly code: string;
  readonly message: string;
}

interface AboutMessage {
  readonly message_id: string;
  readonly from: string;
  readonly to: string;
  readonly performative: Performative;
  readonly conversation_id: string;
}

interface AboutAgent {
  readonly agent_id: string;
  readonly name: string;
}

interface AboutConversation extends AboutMessage {
  readonly protocol: string;
  readonly initiator: string;
  readonly participants: number;
}

interface AboutDeployment
  extends Readonly<
    Pick<
      Deployment,
      | 'deployment_id'
      | 'agent_id'
      | 'strategy'
      | 'status'
      | 'current_stage'
      | 'current_percentage'
      | 'from_version'
      | 'to_version'
    >
  > {
  readonly reason?: string;
}

interface AboutTask {
  readonly task_id: string;
}

/** The fields of each event beside those that all have; docs/websocket.md says when they come. */
export interface EventFields {
  'agent.deployed': AboutAgent & { readonly version: string; readonly deployment_id: string };
  'agent.removed': AboutAgent;
  'agent.state_changed': AboutAgent & {
    readonly from: AgentStatus;
    readonly to: AgentStatus;
    readonly error?: EventError;
  };
  'agent.failed': AboutAgent & { readonly error: EventError };
  'message.sent': AboutMessage;
  'message.delivered': AboutMessage;
  'message.failed': AboutMessage & { readonly agent_id: string; readonly error: EventError };
  'conversation.started': AboutConversation;
  'conversation.completed': AboutConversation;
  'conversation.violation': AboutMessage & {
    readonly protocol: string;
    readonly state: string;
    readonly legal_acts: readonly string[];
    readonly refused: boolean;
  };
  'conversation.expired': {
    readonly conversation_id: string;
    readonly protocol: string;
    readonly from: string;
    readonly participants: number;
    readonly reason: string;
  };
  'conversation.timeout': AboutMessage & { readonly reply_by: string; readonly protocol?: string };
  'deployment.created': AboutDeployment;
  'deployment.progressed': AboutDeployment;
  'deployment.completed': AboutDeployment;
  'deployment.rolling_back': AboutDeployment;
  'deployment.rolled_back': AboutDeployment;
  'deployment.failed': AboutDeployment;
  'task.created': AboutTask & { readonly name: string };
  'task.distributed': AboutTask & {
    readonly agent_id: string;
    readonly strategy: string;
    readonly proposals_received: number;
    readonly attempt: number;
  };
  'task.progress': AboutTask & {
    readonly agent_id: string;
    readonly progress: number;
    readonly subtasks: ReadonlyArray<{ readonly id: string; readonly status: string }>;
  };
  'task.completed': AboutTask & { readonly agent_id: string; readonly result: 'success' };
  'task.failed': AboutTask & {
    readonly agent_id?: string;
    readonly result: 'failure';
    readonly reason: string;
  };
  'task.cancelled': AboutTask & { readonly agent_id?: string; readonly reason?: string };
  'task.message_ignored': AboutTask & {
    readonly agent_id: string;
    readonly message_id: string;
    readonly performative: Performative;
    readonly reason: string;
  };
  'system.alert': {
    readonly severity: 'info' | 'warning' | 'critical';
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
    readonly agent_id?: string;
  };
}

export type EventType = keyof EventFields;
type KindOf<Type extends string> = Type extends `${infer Kind}.${string}` ? Kind : never;
export type EventKind = KindOf<EventType>;

/** A type, all of a kind (`agent.*`), or all (`*`). */
export type EventPattern = EventType | `${EventKind}.*` | '*';

/** The events that a pattern stands for; `type` tells them apart. */
export type EventOf<Pattern extends EventPattern> = {
  [Type in EventType]: Pattern extends '*' | Type | `${KindOf<Type>}.*`
    ? EventHead & { readonly type: Type } & EventFields[Type]
    : never;
}[EventType];

export type CaxtonEvent = EventOf<'*'>;
