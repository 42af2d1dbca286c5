import Type, { type Static } from 'typebox';
import { rfc3339 } from '../../base/clock.js';
import { invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { Runtime } from '../../runtime/runtime.js';
import { STRATEGIES } from '../../runtime/tasks/strategies.js';
import { TASK_STATUSES } from '../../runtime/tasks/task.js';
import { checkAgentAllowed } from '../auth.js';
import { defineOperation, type Principal } from '../operation.js';
import { PageLimit, Timestamp } from '../schemas.js';
import { definitionOf, TaskDefinitionInput } from '../task-definition.js';
import { taskDetails, taskSummary, winningBid } from '../task-output.js';

const service = 'TaskService';
const strict = { additionalProperties: false };

const TaskId = Type.String({ minLength: 1, maxLength: 64, description: 'Id of a task' });
const Status = Type.Enum([...TASK_STATUSES]);
const Share = { minimum: 0, maximum: 1 };

const CreateOutput = Type.Object({
  task_id: Type.String(),
  status: Status,
  created_at: Timestamp,
});

export const createTask = defineOperation({
  name: 'tasks.create',
  summary: 'Creates a task, to be distributed among agents',
  role: 'sender',
  rateClass: 'system',
  rest: { method: 'POST', path: '/api/v1/tasks', status: 201 },
  grpc: { service, methods: ['CreateTask'] },
  input: TaskDefinitionInput,
  output: CreateOutput,
  errors: ['RESOURCE_LIMIT_EXCEEDED'],
  keepsResult: true,
  run: async (runtime, input: TaskDefinitionInput, context) => {
    const definition = definitionOf(input, context.principal.name);
    checkMayUse(runtime, context.principal, definition);
    const task = await runtime.tasks.create(definition);
    return { task_id: task.id, status: task.status, created_at: rfc3339(task.createdMs) };
  },
});

interface Whom {
  readonly participants: readonly string[] | undefined;
  readonly capabilities: readonly string[];
}

/** A token that is restricted to some agents may offer tasks to these alone. */
function checkMayUse(runtime: Runtime, principal: Principal, whom: Whom, taskId?: string): void {
  if (principal.agents === undefined) return;
  const receivers = whom.participants ?? whom.capabilities.map((name) => `capability:${name}`);
  for (const name of receivers) {
    const asked = taskId === undefined ? undefined : { task_id: taskId };
    checkAgentAllowed(principal, name, runtime.agents.find(name), asked);
  }
}

const DistributeInput = Type.Object(
  {
    task_id: TaskId,
    strategy: Type.Optional(Type.Enum([...STRATEGIES])),
    max_wait_seconds: Type.Optional(
      Type.Number({
        exclusiveMinimum: 0,
        maximum: LIMITS.task_bid_wait_max_s,
        default: LIMITS.task_bid_wait_default_s,
      }),
    ),
  },
  strict,
);

const WinningBid = Type.Object({
  agent_id: Type.String(),
  estimated_time: Type.Number({ description: 'Seconds' }),
  cost: Type.Optional(Type.Number()),
  confidence: Type.Optional(Type.Number(Share)),
});

const DistributeOutput = Type.Object({
  task_id: Type.String(),
  status: Type.Literal('distributed'),
  assigned_to: Type.String(),
  proposals_received: Type.Integer(),
  winning_bid: WinningBid,
});

export const distributeTask = defineOperation({
  name: 'tasks.distribute',
  summary: 'Offers a task to its participants by contract net and awards it to the best bid',
  role: 'sender',
  rateClass: 'system',
  rest: { method: 'POST', path: '/api/v1/tasks/{task_id}/distribute', status: 200 },
  grpc: { service, methods: ['DistributeTask'] },
  input: DistributeInput,
  output: DistributeOutput,
  errors: ['NOT_FOUND', 'AGENT_NOT_FOUND', 'CONFLICT', 'TIMEOUT', 'RESOURCE_LIMIT_EXCEEDED'],
  keepsResult: true,
  run: async (runtime, input: Static<typeof DistributeInput>, context) => {
    const { task_id: taskId, strategy = 'best_bid' } = input;
    const waitS = input.max_wait_seconds ?? LIMITS.task_bid_wait_default_s;
    checkMayUse(runtime, context.principal, runtime.tasks.get(taskId).definition, taskId);
    const task = await runtime.tasks.distribute(taskId, strategy, waitS * 1_000);
    const bid = winningBid(task);
    return {
      task_id: task.id,
      status: 'distributed' as const,
      assigned_to: bid.agent_id,
      proposals_received: task.proposalsReceived,
      winning_bid: bid,
    };
  },
});

const TaskInput = Type.Object({ task_id: TaskId }, strict);

const TaskOutput = Type.Object({
  task_id: Type.String(),
  name: Type.String(),
  description: Type.String(),
  status: Status,
  protocol: Type.Literal('contract_net'),
  participants: Type.Optional(Type.Array(Type.String())),
  timeout_seconds: Type.Number(),
  requirements: Type.Object({
    capabilities: Type.Array(Type.String()),
    min_performance_score: Type.Number(),
  }),
  created_at: Timestamp,
  created_by: Type.String(),
  conversation_id: Type.Optional(Type.String()),
  strategy: Type.Optional(Type.Enum([...STRATEGIES])),
  proposals_received: Type.Integer(),
  assigned_to: Type.Optional(Type.String()),
  winning_bid: Type.Optional(WinningBid),
  progress: Type.Number(Share),
  started_at: Type.Optional(Timestamp),
  estimated_completion: Type.Optional(Timestamp),
  subtasks: Type.Array(Type.Object({ id: Type.String(), status: Type.String() })),
  attempts: Type.Array(
    Type.Object({
      agent_id: Type.String(),
      outcome: Type.Enum(['completed', 'failed', 'timed_out', 'cancelled']),
      reason: Type.Optional(Type.String()),
      started_at: Timestamp,
      ended_at: Timestamp,
    }),
  ),
  ended_at: Type.Optional(Timestamp),
  result: Type.Optional(Type.Unknown()),
  result_message_id: Type.Optional(Type.String()),
  reason: Type.Optional(Type.String()),
});

export const getTask = defineOperation({
  name: 'tasks.get',
  summary: 'Shows one task: who does it, how far it is, and its result',
  role: 'viewer',
  rateClass: 'system',
  rest: { method: 'GET', path: '/api/v1/tasks/{task_id}', status: 200 },
  grpc: { service, methods: ['GetTask'] },
  input: TaskInput,
  output: TaskOutput,
  errors: ['NOT_FOUND'],
  run: (runtime, input: Static<typeof TaskInput>, { principal }) => {
    const task = runtime.tasks.get(input.task_id);
    checkMayUse(runtime, principal, task.definition, task.id);
    return taskDetails(task);
  },
});

const ListInput = Type.Object(
  {
    status: Type.Optional(Status),
    limit: PageLimit,
    cursor: Type.Optional(
      Type.String({ maxLength: 64, description: 'next_cursor of the page before' }),
    ),
  },
  strict,
);

const ListOutput = Type.Object({
  tasks: Type.Array(
    Type.Object({
      task_id: Type.String(),
      name: Type.String(),
      status: Status,
      assigned_to: Type.Optional(Type.String()),
      progress: Type.Number(Share),
      created_at: Timestamp,
    }),
  ),
  total: Type.Integer(),
  next_cursor: Type.Optional(Type.String()),
});

export const listTasks = defineOperation({
  name: 'tasks.list',
  summary: 'Lists tasks, newest first',
  role: 'viewer',
  rateClass: 'system',
  rest: {
    method: 'GET',
    path: '/api/v1/tasks',
    status: 200,
    query: Object.keys(ListInput.properties),
  },
  grpc: { service, methods: ['ListTasks'] },
  input: ListInput,
  output: ListOutput,
  run: (runtime, input: Static<typeof ListInput>, { principal }) => {
    const { status, cursor, limit = LIMITS.page_default } = input;
    if (cursor !== undefined && !/^task_[0-9A-Z]{26}$/.test(cursor)) {
      throw invalidRequest(
        'cursor is not one that this list gave out. Pass next_cursor of the page before as it is, or leave cursor out to begin anew.',
        'cursor',
      );
    }
    // A token that is restricted to some agents sees the tasks that it made.
    const createdBy = principal.agents && principal.name;
    const page = runtime.tasks.list({ status, createdBy, before: cursor, limit });
    return {
      tasks: page.tasks.map(taskSummary),
      total: page.total,
      ...(page.nextCursor === undefined ? {} : { next_cursor: page.nextCursor }),
    };
  },
});

const CancelInput = Type.Object(
  {
    task_id: TaskId,
    reason: Type.Optional(Type.String({ maxLength: LIMITS.task_reason_bytes })),
  },
  strict,
);

const CancelOutput = Type.Object({
  task_id: Type.String(),
  status: Status,
  cancelled_at: Timestamp,
});

export const cancelTask = defineOperation({
  name: 'tasks.cancel',
  summary: 'Cancels a task that has not ended, and tells its participants',
  role: 'sender',
  rateClass: 'system',
  rest: { method: 'POST', path: '/api/v1/tasks/{task_id}/cancel', status: 200 },
  grpc: { service, methods: ['CancelTask'] },
  input: CancelInput,
  output: CancelOutput,
  errors: ['NOT_FOUND', 'CONFLICT'],
  run: async (runtime, input: Static<typeof CancelInput>, context) => {
    const { definition } = runtime.tasks.get(input.task_id);
    checkMayUse(runtime, context.principal, definition, input.task_id);
    const task = await runtime.tasks.cancel(input.task_id, input.reason ?? '');
    return { task_id: task.id, status: task.status, cancelled_at: rfc3339(task.endedMs) };
  },
});
