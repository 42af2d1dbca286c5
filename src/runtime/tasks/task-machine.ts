import { beginBidding, closeBidding, takeBid, takeRefusal, takeUnreadableBid } from './bidding.js';
import type { TaskEvent } from './events.js';
import { choose, endAttempt, rejectAll } from './outcome.js';
import { ignored, type Step, type StepContext, stay } from './step.js';
import { hasEnded, type Task } from './task.js';

/**
 * The contract net (FIPA SC00029) as seen by its initiator: a task and an event give the task as it
 * is from then on, and what is to be done. Pure: time and turns come with the context.
 */
export function step(task: Task, event: TaskEvent, context: StepContext): Step {
  switch (event.type) {
    case 'distribute':
      return beginBidding(task, event);
    case 'bid':
      return takeBid(task, event.bid, context);
    case 'unreadable_bid':
      return takeUnreadableBid(task, event, context);
    case 'turned_down':
      return turnedDown(task, event.from, event.reason, context);
    case 'progress':
      return progressed(task, event);
    case 'done':
      return done(task, event, context);
    case 'delivered':
      return delivered(task, context);
    case 'undeliverable':
      return undeliverable(task, event.to, event.reason, context);
    case 'clock':
      return clock(task, context);
    case 'cancel':
      return cancelled(task, event.reason, context);
    case 'restart':
      return restarted(task);
  }
}

/** Whether this participant does the task at present. */
function isDoing(task: Task, agentId: string): boolean {
  return task.status === 'in_progress' && task.award?.bid.agentId === agentId;
}

function turnedDown(task: Task, from: string, reason: string, context: StepContext): Step {
  if (!isDoing(task, from)) return takeRefusal(task, from, reason, context);
  // What comes when the time is over says no more than the clock does.
  if (isOverdue(task, context)) return expire(task, context);
  return choose(endAttempt(task, 'failed', reason, context), context, [
    { type: 'count', agentId: from, completed: false },
  ]);
}

function progressed(task: Task, event: TaskEvent & { type: 'progress' }): Step {
  const { from } = event;
  if (!isDoing(task, from)) return ignored(task, 'the sender does not do this task');
  const progress = event.progress.progress ?? task.progress;
  const subtasks = event.progress.subtasks ?? task.subtasks;
  return {
    task: { ...task, progress, subtasks },
    commands: [
      { type: 'publish', event: 'task.progress', body: { agent_id: from, progress, subtasks } },
    ],
  };
}

function done(task: Task, event: TaskEvent & { type: 'done' }, context: StepContext): Step {
  const { from } = event;
  if (!isDoing(task, from)) {
    // An inform in answer to a call is no bid, but it is an answer.
    if (task.pending.includes(from)) return takeRefusal(task, from, 'inform', context);
    return ignored(task, 'the sender does not do this task');
  }
  const ended = endAttempt(task, 'completed', '', context);
  return {
    task: {
      ...ended,
      status: 'completed',
      progress: 1,
      bids: [],
      bidsUntilMs: 0,
      endedMs: context.nowMs,
      result: event.result,
      resultMessageId: event.messageId,
    },
    commands: [
      { type: 'count', agentId: from, completed: true },
      ...rejectAll(task, 'another participant did the task'),
      { type: 'publish', event: 'task.completed', body: { agent_id: from, result: 'success' } },
    ],
  };
}

function delivered(task: Task, context: StepContext): Step {
  const { offered: bid, strategy, proposalsReceived } = task;
  if (bid === undefined) return stay(task);
  // Where the first bid wins, the next ones are taken as runners-up as long as bids were asked for.
  const open = strategy === 'first_bid' && task.pending.length > 0;
  return {
    task: {
      ...task,
      status: 'in_progress',
      offered: undefined,
      award: { bid, awardedMs: context.nowMs },
      progress: 0,
      subtasks: [],
      refusals: [],
      bidsUntilMs: open ? task.bidsUntilMs : 0,
    },
    commands: [
      { type: 'took_turn', agentId: bid.agentId },
      {
        type: 'publish',
        event: 'task.distributed',
        body: {
          agent_id: bid.agentId,
          strategy,
          proposals_received: proposalsReceived,
          attempt: task.attempts.length + 1,
        },
      },
      { type: 'answer' },
    ],
  };
}

function undeliverable(task: Task, to: string, reason: string, context: StepContext): Step {
  if (task.offered?.agentId !== to) return takeRefusal(task, to, reason, context);
  const refusals = [...task.refusals, { agentId: to, reason }];
  return choose({ ...task, offered: undefined, refusals }, context);
}

function clock(task: Task, context: StepContext): Step {
  const { bidsUntilMs } = task;
  if (bidsUntilMs !== 0 && context.nowMs >= bidsUntilMs) return closeBidding(task, context);
  return isOverdue(task, context) ? expire(task, context) : stay(task);
}

function isOverdue({ status, award, definition }: Task, { nowMs }: StepContext): boolean {
  if (status !== 'in_progress' || award === undefined) return false;
  return nowMs >= award.awardedMs + definition.timeoutMs;
}

function expire(task: Task, context: StepContext): Step {
  const agentId = task.award?.bid.agentId ?? '';
  const reason = `no result within ${task.definition.timeoutMs / 1_000} s`;
  return choose(endAttempt(task, 'timed_out', reason, context), context, [
    { type: 'count', agentId, completed: false },
    { type: 'cancel', of: 'award', to: agentId, reason },
  ]);
}

function cancelled(task: Task, reason: string, context: StepContext): Step {
  const doing = task.status === 'in_progress' ? task.award?.bid.agentId : undefined;
  const left = doing === undefined ? task : endAttempt(task, 'cancelled', reason, context);
  const said = reason === '' ? 'the task was cancelled' : reason;
  const asked = [
    ...(doing === undefined ? [] : [{ to: doing, of: 'award' as const }]),
    // Who has not answered the call may still be working on a bid.
    ...task.pending.map((to) => ({ to, of: 'cfp' as const })),
  ];
  return {
    task: {
      ...left,
      status: 'cancelled',
      pending: [],
      bids: [],
      offered: undefined,
      bidsUntilMs: 0,
      endedMs: context.nowMs,
      reason,
    },
    commands: [
      ...asked.map((whom) => ({ type: 'cancel' as const, ...whom, reason: said })),
      ...rejectAll(task, said),
      {
        type: 'publish',
        event: 'task.cancelled',
        body: { ...(doing === undefined ? {} : { agent_id: doing }), reason },
      },
      {
        type: 'deny',
        code: 'CONFLICT',
        message: `Task '${task.id}' was cancelled before it was awarded.`,
        details: { status: 'cancelled' },
      },
    ],
  };
}

// What was bid is not stored: a distribution under way has to be asked for again. Whoever does the
// task goes on with it, and its time still counts from the award.
function restarted(task: Task): Step {
  if (hasEnded(task) || task.status === 'created') return stay(task);
  const closed = { ...task, bidsUntilMs: 0, offered: undefined };
  if (task.status === 'in_progress') return stay(closed);
  return stay({
    ...closed,
    status: 'created',
    pending: [],
    bids: [],
    refusals: [],
    proposalsReceived: 0,
    award: undefined,
    attempts: [],
  });
}
