import type { TaskCommand } from './events.js';
import { type Step, type StepContext, stay } from './step.js';
import { rank } from './strategies.js';
import type { AttemptOutcome, Task } from './task.js';

/** The second half of a contract net: who gets the task, next, or not at all. */

/** Refusals that an error names. */
const REFUSALS_TOLD = 10;

/**
 * Offers the task to the best of the bids that are left. Without any, the task waits for more where
 * they are still taken, fails when somebody had it, and is as before when nobody had.
 * @param first what has to be done before
 */
export function choose(task: Task, context: StepContext, first: readonly TaskCommand[] = []): Step {
  const strategy = task.strategy ?? 'best_bid';
  const [best, ...others] = rank(strategy, task.bids, context.lastAwardOf);
  if (best !== undefined) {
    return {
      task: { ...task, bids: others, offered: best },
      commands: [...first, { type: 'accept', bid: best }],
    };
  }
  if (task.bidsUntilMs !== 0 && task.pending.length > 0) {
    return { ...stay({ ...task, status: 'distributing' }), commands: first };
  }
  return task.attempts.length > 0 ? fail(task, context, first) : nobody(task, first);
}

/** The present award is over; what comes of the task is for the caller to say. */
export function endAttempt(
  task: Task,
  outcome: AttemptOutcome,
  reason: string,
  context: StepContext,
): Task {
  const { award } = task;
  if (award === undefined) return task;
  const { agentId } = award.bid;
  const attempt = {
    agentId,
    outcome,
    reason,
    startedMs: award.awardedMs,
    endedMs: context.nowMs,
  };
  return { ...task, attempts: [...task.attempts, attempt] };
}

/** Tells all whose bids are open that they don't get the task. */
export function rejectAll(task: Task, reason: string): readonly TaskCommand[] {
  const open = task.offered === undefined ? task.bids : [task.offered, ...task.bids];
  return open.map(({ agentId: to, replyWith }) => ({ type: 'reject', to, replyWith, reason }));
}

function fail(task: Task, context: StepContext, first: readonly TaskCommand[]): Step {
  const last = task.attempts.at(-1);
  const agentId = last?.agentId ?? '';
  const reason = `${agentId}: ${last?.reason ?? ''}`;
  return {
    task: { ...task, status: 'failed', bidsUntilMs: 0, endedMs: context.nowMs, reason },
    commands: [
      ...first,
      {
        type: 'publish',
        event: 'task.failed',
        body: { agent_id: agentId, result: 'failure', reason },
      },
    ],
  };
}

// The task is as before the distribution, but for its round: a late bid of this one must not be
// taken for one of the next.
function nobody(task: Task, first: readonly TaskCommand[]): Step {
  const { pending, refusals } = task;
  const silent = pending.length;
  const answered = refusals.length;
  return {
    task: { ...task, status: 'created', bidsUntilMs: 0, refusals: [], proposalsReceived: 0 },
    commands: [
      ...first,
      {
        type: 'deny',
        code: silent > 0 ? 'TIMEOUT' : 'UNAVAILABLE',
        // Without a hint to send it again: a round was held, and clients would hold the next one.
        message: `Nobody took task '${task.id}': ${answered} of ${answered + silent} participants answered, none with a bid it could be given to. It can be distributed again.`,
        details: {
          status: 'created',
          participants: answered + silent,
          silent,
          refusals: refusals.slice(0, REFUSALS_TOLD).map(({ agentId, reason }) => ({
            agent_id: agentId,
            reason,
          })),
        },
      },
    ],
  };
}
