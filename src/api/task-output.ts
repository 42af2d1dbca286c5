import { rfc3339 } from '../base/clock.js';
import { bidJson } from '../runtime/tasks/contract-net.js';
import { type Award, conversationOf, type Task } from '../runtime/tasks/task.js';

/** Tasks as the API shows them. */

/** The bid of a task that is awarded. */
export function winningBid(task: Task) {
  return bidJson((task.award as Award).bid);
}

/** Who does the task, or did it last. */
function awardOf(task: Task): Award | undefined {
  const open = task.status === 'created' || task.status === 'distributing';
  return open ? undefined : task.award;
}

export function taskSummary(task: Task) {
  const award = awardOf(task);
  return {
    task_id: task.id,
    name: task.definition.name,
    status: task.status,
    ...(award === undefined ? {} : { assigned_to: award.bid.agentId }),
    progress: task.progress,
    created_at: rfc3339(task.createdMs),
  };
}

export function taskDetails(task: Task) {
  const { definition } = task;
  return {
    task_id: task.id,
    name: definition.name,
    description: definition.description,
    status: task.status,
    protocol: 'contract_net' as const,
    ...(definition.participants === undefined
      ? {}
      : { participants: [...definition.participants] }),
    timeout_seconds: definition.timeoutMs / 1_000,
    requirements: {
      capabilities: [...definition.capabilities],
      min_performance_score: definition.minPerformanceScore,
    },
    created_at: rfc3339(task.createdMs),
    created_by: definition.createdBy,
    ...(task.round === 0 ? {} : { conversation_id: conversationOf(task) }),
    ...(task.strategy === undefined ? {} : { strategy: task.strategy }),
    proposals_received: task.proposalsReceived,
    ...awardFields(task),
    progress: task.progress,
    subtasks: [...task.subtasks],
    attempts: task.attempts.map((attempt) => ({
      agent_id: attempt.agentId,
      outcome: attempt.outcome,
      ...(attempt.reason === '' ? {} : { reason: attempt.reason }),
      started_at: rfc3339(attempt.startedMs),
      ended_at: rfc3339(attempt.endedMs),
    })),
    ...endFields(task),
  };
}

interface AwardFields {
  readonly assigned_to?: string;
  readonly winning_bid?: ReturnType<typeof bidJson>;
  readonly started_at?: string;
  readonly estimated_completion?: string;
}

function awardFields(task: Task): AwardFields {
  const award = awardOf(task);
  if (award === undefined) return {};
  return {
    assigned_to: award.bid.agentId,
    winning_bid: bidJson(award.bid),
    started_at: rfc3339(award.awardedMs),
    ...(task.status === 'in_progress'
      ? { estimated_completion: rfc3339(award.awardedMs + award.bid.estimatedTimeS * 1_000) }
      : {}),
  };
}

function endFields(task: Task) {
  return {
    ...(task.endedMs === 0 ? {} : { ended_at: rfc3339(task.endedMs) }),
    ...(task.result === '' ? {} : { result: JSON.parse(task.result) as unknown }),
    ...(task.resultMessageId === '' ? {} : { result_message_id: task.resultMessageId }),
    ...(task.reason === '' ? {} : { reason: task.reason }),
  };
}
