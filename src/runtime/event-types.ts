import { invalidRequest } from '../base/errors.js';
import { closest } from '../base/suggest.js';

/** What the documentation and the bus need to know of a type of event. */
export interface EventTypeFacts {
  /** The event's own fields, beside `type`, `timestamp`, `seq` and `subscription_id`. */
  readonly fields: readonly string[];
  /** The moment that it tells of, as docs/websocket.md prints it. */
  readonly when: string;
  /**
   * May come with every message. Such events are neither made nor kept for `resume_from` unless
   * somebody asks for some, or did a short while ago.
   */
  readonly frequent?: true;
}

/** What the name of a type may begin with; `agent.*` asks for all of a family. */
export const EVENT_FAMILIES = [
  'agent',
  'message',
  'conversation',
  'deployment',
  'task',
  'system',
] as const;

const MESSAGE_FIELDS = ['message_id', 'from', 'to', 'performative', 'conversation_id'] as const;

const DEPLOYMENT_FIELDS = [
  'deployment_id',
  'agent_id',
  'strategy',
  'status',
  'current_stage',
  'current_percentage',
  'from_version',
  'to_version',
] as const;

/**
 * The one table of event types: what may be published, subscribed to, and what docs/websocket.md
 * lists. A new type is a new line here and in that page's table, and nothing else.
 */
export const EVENT_TYPES = Object.freeze({
  'agent.deployed': {
    fields: ['agent_id', 'name', 'version', 'deployment_id'],
    when: 'An agent was deployed and runs',
  },
  'agent.state_changed': {
    fields: ['agent_id', 'name', 'from', 'to', 'error'],
    when: 'An agent went from one lifecycle state to another; `error` where one was the reason',
  },
  'agent.failed': {
    fields: ['agent_id', 'name', 'error'],
    when: 'An agent failed for good: it takes no messages until it is started again',
  },
  'agent.removed': { fields: ['agent_id', 'name'], when: 'An agent was removed' },
  'message.sent': {
    fields: MESSAGE_FIELDS,
    when: 'A message was accepted',
    frequent: true,
  },
  'message.delivered': {
    fields: MESSAGE_FIELDS,
    when: "A message is in its agent's mailbox, or with the streams of its client",
    frequent: true,
  },
  'message.failed': {
    fields: [...MESSAGE_FIELDS, 'agent_id', 'error'],
    when: 'An agent failed a message, which is now a dead letter',
    frequent: true,
  },
  'conversation.started': {
    fields: [...MESSAGE_FIELDS, 'protocol', 'initiator', 'participants'],
    when: 'A protocol was begun; `participants` says how many take part',
    frequent: true,
  },
  'conversation.completed': {
    fields: [...MESSAGE_FIELDS, 'protocol', 'initiator', 'participants'],
    when: 'The last open exchange of a protocol is over',
    frequent: true,
  },
  'conversation.violation': {
    fields: [...MESSAGE_FIELDS, 'protocol', 'state', 'legal_acts', 'refused'],
    when: 'An act was not legal; `refused` says whether it was for this',
    frequent: true,
  },
  'conversation.expired': {
    fields: ['conversation_id', 'protocol', 'from', 'participants', 'reason'],
    when: 'It was idle for too long, or made room; `from` is its initiator',
    frequent: true,
  },
  'conversation.timeout': {
    fields: [...MESSAGE_FIELDS, 'protocol', 'reply_by'],
    when: 'A `reply_by` passed without an answer; `protocol` where the message named one',
    frequent: true,
  },
  'deployment.created': { fields: DEPLOYMENT_FIELDS, when: 'A deployment or hot reload began' },
  'deployment.progressed': {
    fields: DEPLOYMENT_FIELDS,
    when: 'It came to another stage or share',
  },
  'deployment.completed': {
    fields: DEPLOYMENT_FIELDS,
    when: 'The new version has taken over',
  },
  'deployment.rolling_back': {
    fields: [...DEPLOYMENT_FIELDS, 'reason'],
    when: 'It turned back to the former version',
  },
  'deployment.rolled_back': {
    fields: [...DEPLOYMENT_FIELDS, 'reason'],
    when: 'The former version has everything again',
  },
  'deployment.failed': {
    fields: [...DEPLOYMENT_FIELDS, 'reason'],
    when: 'It failed; the former version stays',
  },
  'task.created': { fields: ['task_id', 'name'], when: 'A task was created' },
  'task.distributed': {
    fields: ['task_id', 'agent_id', 'strategy', 'proposals_received', 'attempt'],
    when: 'It was awarded; `attempt` is 1 for the winner, 2 for the runner-up, …',
  },
  'task.progress': {
    fields: ['task_id', 'agent_id', 'progress', 'subtasks'],
    when: 'Who has it told how far it is',
    frequent: true,
  },
  'task.completed': {
    fields: ['task_id', 'agent_id', 'result'],
    when: 'It is done; `result` is `success`',
  },
  'task.failed': {
    fields: ['task_id', 'agent_id', 'result', 'reason'],
    when: 'Nobody did it; `agent_id` is that of the last attempt, `result` is `failure`',
  },
  'task.cancelled': {
    fields: ['task_id', 'agent_id', 'reason'],
    when: 'It was cancelled; `agent_id` of who had it',
  },
  'task.message_ignored': {
    fields: ['task_id', 'agent_id', 'message_id', 'performative', 'reason'],
    when: 'A message to it meant nothing; `agent_id` is that of the sender',
    frequent: true,
  },
  'system.alert': {
    fields: ['severity', 'message', 'details', 'agent_id'],
    when: 'Something needs an operator, or does no longer; `agent_id` where it is about one agent',
  },
} satisfies Record<string, EventTypeFacts>);

export type EventType = keyof typeof EVENT_TYPES;

const FACTS: Readonly<Record<EventType, EventTypeFacts>> = EVENT_TYPES;
const TYPES = Object.keys(EVENT_TYPES) as EventType[];
const PATTERNS: readonly string[] = ['*', ...EVENT_FAMILIES.map((name) => `${name}.*`), ...TYPES];

export function isFrequent(type: EventType): boolean {
  return FACTS[type].frequent === true;
}

/** The types that patterns (`agent.failed`, `agent.*`, `*`) stand for, each once. */
export function typesOf(patterns: readonly string[]): ReadonlySet<EventType> {
  return new Set(
    TYPES.filter((type) =>
      patterns.some(
        (pattern) =>
          pattern === '*' ||
          pattern === type ||
          (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1))),
      ),
    ),
  );
}

/** @throws CaxtonError INVALID_REQUEST naming the first pattern that stands for nothing */
export function checkEventPatterns(patterns: readonly string[]): void {
  const index = patterns.findIndex((pattern) => !PATTERNS.includes(pattern));
  if (index < 0) return;
  const pattern = patterns[index] as string;
  const meant = closest(pattern, PATTERNS);
  const mend =
    meant === undefined
      ? `Families are ${EVENT_FAMILIES.map((name) => `${name}.*`).join(', ')}; * asks for all.`
      : `Did you mean ${meant}?`;
  throw invalidRequest(`events: '${pattern}' is no type of event. ${mend}`, `events.${index}`, {
    allowed: PATTERNS,
  });
}
