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
    fields: ['message_id', 'from', 'to', 'performative', 'conversation_id'],
    when: 'A message was accepted',
    frequent: true,
  },
  'message.delivered': {
    fields: ['message_id', 'from', 'to', 'performative', 'conversation_id'],
    when: "A message is in its agent's mailbox, or with the streams of its client",
    frequent: true,
  },
  'message.failed': {
    fields: ['message_id', 'from', 'to', 'performative', 'conversation_id', 'agent_id', 'error'],
    when: 'An agent failed a message, which is now a dead letter',
    frequent: true,
  },
  'task.completed': {
    fields: ['task_id', 'agent_id', 'result'],
    when: 'The agent that had been given a task completed it',
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
