import type { TaskCommand } from './events.js';
import type { LastAwardOf } from './strategies.js';
import type { Task } from './task.js';

/** What a step needs to know beside the task and the event. */
export interface StepContext {
  /** Milliseconds since the Unix epoch. */
  readonly nowMs: number;
  readonly lastAwardOf: LastAwardOf;
}

export interface Step {
  readonly task: Task;
  readonly commands: readonly TaskCommand[];
}

export function stay(task: Task): Step {
  return { task, commands: [] };
}

export function ignored(task: Task, reason: string): Step {
  return { task, commands: [{ type: 'ignore', reason }] };
}
