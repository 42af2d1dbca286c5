import type { Bid, Strategy } from './strategies.js';

/** States of a task, in the order in which it may pass them. docs/tasks.md draws them. */
export const TASK_STATUSES = Object.freeze([
  'created',
  'distributing',
  'in_progress',
  'completed',
  'failed',
  'cancelled',
] as const);
export type TaskStatus = (typeof TASK_STATUSES)[number];

/** What was asked for, with every default filled in. */
export interface TaskDefinition {
  readonly name: string;
  readonly description: string;
  /** JSON text, passed on to the participants as it is; empty when there is none. */
  readonly data: string;
  /** Agents by id or name, and clients; undefined: every provider of the capabilities. */
  readonly participants: readonly string[] | undefined;
  readonly capabilities: readonly string[];
  /** From 0 to 1: completed ÷ awarded of a participant's past tasks. */
  readonly minPerformanceScore: number;
  /** How long whoever is awarded the task may take, counted from the award. */
  readonly timeoutMs: number;
  readonly createdBy: string;
}

export interface Subtask {
  readonly id: string;
  readonly status: string;
}

/** Whoever does the task now. */
export interface Award {
  readonly bid: Bid;
  readonly awardedMs: number;
}

export type AttemptOutcome = 'completed' | 'failed' | 'timed_out' | 'cancelled';

/** An award that has ended. */
export interface Attempt {
  readonly agentId: string;
  readonly outcome: AttemptOutcome;
  /** Why, where it wasn't completed; otherwise empty. */
  readonly reason: string;
  readonly startedMs: number;
  readonly endedMs: number;
}

/** A participant that made no bid, and why. */
export interface Refusal {
  readonly agentId: string;
  readonly reason: string;
}

/** One task at one moment. It never changes: each step makes another. */
export interface Task {
  readonly id: string;
  readonly definition: TaskDefinition;
  readonly createdMs: number;
  readonly status: TaskStatus;
  /** How often it was distributed; each time is a conversation of its own. */
  readonly round: number;
  /** Of the latest distribution, as are the fields below. */
  readonly strategy: Strategy | undefined;
  /** Until when bids are taken; 0 = they aren't. */
  readonly bidsUntilMs: number;
  /** Participants that were asked and have not answered. */
  readonly pending: readonly string[];
  /** Bids whose fate is open: the runners-up, once the task is awarded. */
  readonly bids: readonly Bid[];
  readonly refusals: readonly Refusal[];
  readonly proposalsReceived: number;
  /** The bid whose accept-proposal is being delivered. */
  readonly offered: Bid | undefined;
  /** The present award, or the last one. */
  readonly award: Award | undefined;
  readonly attempts: readonly Attempt[];
  /** From 0 to 1, as whoever does it said. */
  readonly progress: number;
  readonly subtasks: readonly Subtask[];
  /** 0 = not yet. */
  readonly endedMs: number;
  /** Of a completed task: the content of the final inform as JSON text; empty: none, or too long. */
  readonly result: string;
  /** The final inform, for the history. */
  readonly resultMessageId: string;
  /** Why it failed or was cancelled; otherwise empty. */
  readonly reason: string;
}

export function newTask(id: string, definition: TaskDefinition, nowMs: number): Task {
  return {
    id,
    definition,
    createdMs: nowMs,
    status: 'created',
    round: 0,
    strategy: undefined,
    bidsUntilMs: 0,
    pending: [],
    bids: [],
    refusals: [],
    proposalsReceived: 0,
    offered: undefined,
    award: undefined,
    attempts: [],
    progress: 0,
    subtasks: [],
    endedMs: 0,
    result: '',
    resultMessageId: '',
    reason: '',
  };
}

export function hasEnded(task: Task): boolean {
  return task.endedMs !== 0;
}

/** The conversation of the present round. */
export function conversationOf(task: Task): string {
  return `conv_${task.id.slice('task_'.length)}_${task.round}`;
}

/** When something is due without any message, in milliseconds since the epoch; 0 = never. */
export function deadlineMs(task: Task): number {
  const { bidsUntilMs } = task;
  if (task.status !== 'in_progress' || task.award === undefined) return bidsUntilMs;
  const answerByMs = task.award.awardedMs + task.definition.timeoutMs;
  return bidsUntilMs === 0 ? answerByMs : Math.min(bidsUntilMs, answerByMs);
}
