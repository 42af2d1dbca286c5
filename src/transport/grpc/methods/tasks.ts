import { OPERATIONS } from '../../../api/operations.js';
import type { TaskDefinitionInput } from '../../../api/task-definition.js';
import type { Strategy } from '../../../runtime/tasks/strategies.js';
import type { TaskStatus } from '../../../runtime/tasks/task.js';
import { readValue, wellFormed, writeValue } from '../struct.js';
import { timestampOf } from '../timestamps.js';
import { type UnaryMethod, unaryMethod } from '../unary-method.js';

type CreateTaskRequest = Partial<Omit<TaskDefinitionInput, 'data'>> & { data?: Uint8Array };

interface TaskRequest {
  task_id: string;
}

interface ListTasksRequest {
  status?: TaskStatus;
  limit?: number;
  cursor?: string;
}

interface DistributeTaskRequest extends TaskRequest {
  strategy?: Strategy;
  max_wait_seconds?: number;
}

interface CancelTaskRequest extends TaskRequest {
  reason?: string;
}

const same = <T>(request: T): T => request;

/** Absent times stay absent. */
const optionalTimestamp = (text: string | undefined) =>
  text === undefined ? undefined : timestampOf(text);

export const taskMethods: readonly UnaryMethod[] = [
  unaryMethod(
    'CreateTask',
    OPERATIONS.createTask,
    // What is missing is for the operation to say.
    ({ data, ...request }: CreateTaskRequest) =>
      (data === undefined
        ? request
        : { ...request, data: readValue(data, 'data') }) as TaskDefinitionInput,
    (output) => ({ ...output, created_at: timestampOf(output.created_at) }),
  ),
  unaryMethod('ListTasks', OPERATIONS.listTasks, same<ListTasksRequest>, (output) => ({
    ...output,
    tasks: output.tasks.map((task) => ({
      ...task,
      name: wellFormed(task.name),
      assigned_to: wellFormed(task.assigned_to ?? ''),
      created_at: timestampOf(task.created_at),
    })),
  })),
  unaryMethod('GetTask', OPERATIONS.getTask, same<TaskRequest>, (output) => ({
    ...output,
    name: wellFormed(output.name),
    description: wellFormed(output.description),
    participants: output.participants?.map(wellFormed),
    assigned_to: wellFormed(output.assigned_to ?? ''),
    reason: wellFormed(output.reason ?? ''),
    created_at: timestampOf(output.created_at),
    started_at: optionalTimestamp(output.started_at),
    estimated_completion: optionalTimestamp(output.estimated_completion),
    ended_at: optionalTimestamp(output.ended_at),
    subtasks: output.subtasks.map(({ id, status }) => ({
      id: wellFormed(id),
      status: wellFormed(status),
    })),
    attempts: output.attempts.map((attempt) => ({
      ...attempt,
      reason: wellFormed(attempt.reason ?? ''),
      started_at: timestampOf(attempt.started_at),
      ended_at: timestampOf(attempt.ended_at),
    })),
    result: output.result === undefined ? undefined : writeValue(output.result),
  })),
  unaryMethod('DistributeTask', OPERATIONS.distributeTask, same<DistributeTaskRequest>, same),
  unaryMethod('CancelTask', OPERATIONS.cancelTask, same<CancelTaskRequest>, (output) => ({
    ...output,
    cancelled_at: timestampOf(output.cancelled_at),
  })),
];
