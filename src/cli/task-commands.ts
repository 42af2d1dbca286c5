import type {
  CreateTaskInput,
  DistributeTaskInput,
  DistributeTaskOutput,
  ListTasksInput,
  ListTasksOutput,
  Task,
} from '@caxton/sdk';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { STRATEGIES } from '../runtime/tasks/strategies.js';
import { TASK_STATUSES } from '../runtime/tasks/task.js';
import { addClientOptions, printAnswer } from './client-options.js';
import { durationMs, type Json, jsonValue, list, wholeNumber } from './option-values.js';
import { columns, record } from './output.js';
import { pageFooter } from './paging.js';

/** `caxton task …` */
export function addTaskCommands(program: Command): void {
  const group = addClientOptions(
    program.command('task').description('offer work to several agents, and follow it'),
  );
  addCreate(group);
  addDistribute(group);
  addStatus(group);
  addList(group);
  addCancel(group);
}

interface CreateOptions {
  readonly name: string;
  readonly description?: string;
  readonly data?: Json;
  readonly participants?: string[];
  readonly capabilities?: string[];
  readonly minScore?: number;
  readonly timeout?: number;
}

function addCreate(group: Command): void {
  group
    .command('create')
    .description('create a task, to be distributed later')
    .requiredOption('--name <name>', 'what it is called')
    .option('--description <text>', 'what is to be done')
    .option(
      '--data <json>',
      'what participants need: JSON, @file, or - for standard input',
      jsonValue,
    )
    .option('--participants <names>', 'agents by id or name, and clients', list)
    .option('--capabilities <names>', 'what participants must offer', list)
    .option('--min-score <share>', 'least share of their past tasks completed, 0 to 1', share)
    .option('--timeout <duration>', 'how long the work may take (default: 5m)', durationMs)
    .action((options: CreateOptions, command: Command) => {
      const task = taskInput(options);
      return printAnswer(command, (client) => client.createTask(task), record);
    });
}

function taskInput(options: CreateOptions): CreateTaskInput {
  return {
    name: options.name,
    description: options.description,
    data: options.data?.value,
    participants: options.participants,
    timeout_seconds: seconds(options.timeout),
    requirements: {
      capabilities: options.capabilities,
      min_performance_score: options.minScore,
    },
  };
}

function share(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Write a number from 0 to 1.');
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}

interface DistributeOptions {
  readonly strategy?: DistributeTaskInput['strategy'];
  readonly maxWait?: number;
}

function addDistribute(group: Command): void {
  group
    .command('distribute')
    .description('offer a task to its participants, and give it to the one that bids best')
    .argument('<task_id>', 'its id')
    .addOption(
      new Option('--strategy <name>', 'which bid wins (default: best_bid)').choices(STRATEGIES),
    )
    .option('--max-wait <duration>', 'how long to wait for bids (default: 30s)', durationMs)
    .action((taskId: string, { strategy, maxWait }: DistributeOptions, command: Command) => {
      const input = { strategy, max_wait_seconds: seconds(maxWait) };
      return printAnswer(
        command,
        (client) => client.distributeTask(taskId, input),
        distributionRecord,
      );
    });
}

function distributionRecord({ winning_bid: bid, ...answer }: DistributeTaskOutput): string {
  return record({
    ...answer,
    estimated_time: `${bid.estimated_time} s`,
    cost: bid.cost,
    confidence: bid.confidence,
  });
}

function addStatus(group: Command): void {
  group
    .command('status')
    .description('show one task: who does it, how far it is, and its result')
    .argument('<task_id>', 'its id')
    .action((taskId: string, _: object, command: Command) =>
      printAnswer(command, (client) => client.getTask(taskId), taskRecord),
    );
}

function taskRecord(task: Task): string {
  const head = record({
    task_id: task.task_id,
    name: task.name,
    description: task.description || undefined,
    status: task.status,
    assigned_to: task.assigned_to,
    progress: `${Math.round(task.progress * 100)} %`,
    proposals_received: task.proposals_received,
    created: `${task.created_at} by ${task.created_by}`,
    started: task.started_at,
    estimated_completion: task.estimated_completion,
    ended: task.ended_at,
    reason: task.reason,
    result: task.result === undefined ? undefined : JSON.stringify(task.result),
    conversation_id: task.conversation_id,
  });
  return head + subtaskTable(task) + attemptTable(task);
}

function subtaskTable({ subtasks }: Task): string {
  if (subtasks.length === 0) return '';
  const rows = subtasks.map(({ id, status }) => [id, status]);
  return `\n\n${columns(['subtask', 'status'], rows)}`;
}

function attemptTable({ attempts }: Task): string {
  if (attempts.length === 0) return '';
  const rows = attempts.map((attempt) => [
    attempt.agent_id,
    attempt.outcome,
    attempt.started_at,
    attempt.ended_at,
    attempt.reason,
  ]);
  return `\n\n${columns(['attempt of', 'outcome', 'started', 'ended', 'reason'], rows)}`;
}

function addList(group: Command): void {
  group
    .command('list')
    .description('list tasks, newest first')
    .addOption(new Option('--status <state>', 'only tasks in this state').choices(TASK_STATUSES))
    .option('--limit <n>', 'most tasks to show', wholeNumber(1))
    .option('--cursor <cursor>', 'where the page before ended')
    .action((options: ListTasksInput, command: Command) =>
      printAnswer(command, (client) => client.listTasks(options), taskTable),
    );
}

function taskTable({ tasks, total, next_cursor: cursor }: ListTasksOutput): string {
  const table = columns(
    ['name', 'status', 'progress', 'assigned to', 'created', 'task_id'],
    tasks.map((task) => [
      task.name,
      task.status,
      `${Math.round(task.progress * 100)} %`,
      task.assigned_to,
      task.created_at,
      task.task_id,
    ]),
  );
  return table + pageFooter(tasks.length, total, 'tasks', cursor && `--cursor ${cursor}`);
}

function addCancel(group: Command): void {
  group
    .command('cancel')
    .description('cancel a task that has not ended, and tell whoever does it')
    .argument('<task_id>', 'its id')
    .option('--reason <text>', 'why')
    .action((taskId: string, options: { reason?: string }, command: Command) =>
      printAnswer(command, (client) => client.cancelTask(taskId, options), record),
    );
}
