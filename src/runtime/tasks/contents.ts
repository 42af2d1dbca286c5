import { LIMITS } from '../../base/limits.js';
import { contentValue, type Message } from '../../fipa/message.js';
import type { Bid } from './strategies.js';
import type { Subtask } from './task.js';

/** What participants say, read from the contents of their messages. */

export interface Progress {
  /** From 0 to 1; undefined = as before. */
  readonly progress: number | undefined;
  /** Undefined = as before. */
  readonly subtasks: readonly Subtask[] | undefined;
}

type Fields = Readonly<Record<string, unknown>>;

const SUBTASK_STATUS_CHARACTERS = 64;
/** So that the time of the end is a date that can be told. */
const ESTIMATED_TIME_MAX_S = 1e9;

/**
 * The bid in a `propose`: `{"estimated_time", "cost"?, "confidence"?}`, the time in seconds.
 * @returns what is wrong with it when it is none
 */
export function readBid(message: Message): Bid | string {
  const content = fieldsOf(message);
  const { estimated_time: time, cost, confidence } = content ?? {};
  if (!isNumber(time, 0, ESTIMATED_TIME_MAX_S)) {
    return 'estimated_time must be a number of seconds from 0 up';
  }
  if (!isAbsent(cost) && !isNumber(cost, 0, Number.MAX_VALUE)) {
    return 'cost must be a number from 0 up';
  }
  if (!isAbsent(confidence) && !isNumber(confidence, 0, 1)) {
    return 'confidence must be a number from 0 to 1';
  }
  return {
    agentId: message.sender,
    estimatedTimeS: time,
    cost: cost ?? undefined,
    confidence: confidence ?? undefined,
    replyWith: message.replyWith === '' ? message.messageId : message.replyWith,
  };
}

/**
 * The progress in an `inform` that isn't the last: it says `"partial": true`, or names a progress
 * below 1 without saying `"partial": false`.
 * @returns undefined when the inform is the last, and what is wrong with it when it can't be read
 */
export function readProgress(message: Message): Progress | string | undefined {
  const content = fieldsOf(message);
  if (content === undefined) return undefined;
  const { partial, progress, subtasks } = content;
  const unfinished = typeof progress === 'number' && progress < 1 && partial !== false;
  if (partial !== true && !unfinished) return undefined;
  if (!isAbsent(progress) && !isNumber(progress, 0, 1)) {
    return 'progress must be a number from 0 to 1';
  }
  if (isAbsent(subtasks)) return { progress: progress ?? undefined, subtasks: undefined };
  const read = readSubtasks(subtasks);
  return typeof read === 'string' ? read : { progress: progress ?? undefined, subtasks: read };
}

function readSubtasks(value: unknown): readonly Subtask[] | string {
  const list = Array.isArray(value) ? (value as unknown[]) : [];
  const subtasks = list.filter(isSubtask).map(({ id, status }) => ({ id, status }));
  const fits = Array.isArray(value) && subtasks.length === list.length;
  if (fits && list.length <= LIMITS.task_subtasks) return subtasks;
  return `subtasks must be a list of at most ${LIMITS.task_subtasks} {"id", "status"}, both text`;
}

function isSubtask(value: unknown): value is Subtask {
  const { id, status } = (value ?? {}) as Fields;
  return isText(id, LIMITS.field_bytes) && isText(status, SUBTASK_STATUS_CHARACTERS);
}

/** Why a participant says no: `{"error": {"message"}}`, `{"reason"}`, or the content as it is. */
export function readReason(message: Message): string {
  const text = reasonText(message);
  return text === '' ? message.performative : shortened(text);
}

function reasonText(message: Message): string {
  const value = readable(message);
  if (value === undefined) return '';
  const { reason, error } = (value ?? {}) as Fields;
  const inner = (error ?? {}) as Fields;
  for (const text of [inner.message, reason, error, value]) {
    if (typeof text === 'string') return text;
  }
  return JSON.stringify(value);
}

/** Cut to what is kept of a reason. */
export function shortened(text: string): string {
  const most = LIMITS.task_reason_bytes;
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** An object's fields; undefined when the content is none. */
function fieldsOf(message: Message): Fields | undefined {
  const value = readable(message);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return isObject ? (value as Fields) : undefined;
}

// The content of an agent was checked where it was sent; that of the history may be of any age.
function readable(message: Message): unknown {
  try {
    return contentValue(message);
  } catch {
    return undefined;
  }
}

const isAbsent = (value: unknown): value is undefined | null =>
  value === undefined || value === null;

function isNumber(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= most;
}
