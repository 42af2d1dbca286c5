import type { TaskEvent } from './events.js';
import { choose } from './outcome.js';
import { ignored, type Step, type StepContext, stay } from './step.js';
import type { Bid } from './strategies.js';
import type { Task } from './task.js';

/** The first half of a contract net: from the calls for proposals to the last bid. */

export function beginBidding(task: Task, event: TaskEvent & { type: 'distribute' }): Step {
  return {
    task: {
      ...task,
      status: 'distributing',
      round: task.round + 1,
      strategy: event.strategy,
      bidsUntilMs: event.bidsUntilMs,
      pending: event.participants,
      bids: [],
      refusals: [],
      proposalsReceived: 0,
    },
    commands: event.participants.map((to) => ({ type: 'call', to })),
  };
}

export function takeBid(task: Task, bid: Bid, context: StepContext): Step {
  const from = bid.agentId;
  if (!task.pending.includes(from)) return ignored(task, notAwaited(task, from));
  const pending = task.pending.filter((name) => name !== from);
  if (task.bidsUntilMs === 0) {
    // SC00029: proposals after the deadline are rejected as late. Once, as it is no longer pending.
    return {
      task: { ...task, pending },
      commands: [
        { type: 'reject', to: from, replyWith: bid.replyWith, reason: 'it came too late' },
        { type: 'ignore', reason: 'the bid came too late' },
      ],
    };
  }
  const next: Task = {
    ...task,
    pending,
    bids: [...task.bids, bid],
    proposalsReceived: task.proposalsReceived + 1,
  };
  const decided = task.strategy === 'first_bid' && task.status === 'distributing';
  return decided ? choose(next, context) : whenAllAnswered(next, context);
}

/** A proposal without what a bid needs is an answer, and is rejected with what it lacks. */
export function takeUnreadableBid(
  task: Task,
  event: TaskEvent & { type: 'unreadable_bid' },
  context: StepContext,
): Step {
  const { from: to, replyWith, reason } = event;
  if (!task.pending.includes(to)) return ignored(task, notAwaited(task, to));
  const taken = takeRefusal(task, to, reason, context);
  return {
    task: taken.task,
    commands: [{ type: 'reject', to, replyWith, reason }, ...taken.commands],
  };
}

/** A participant that makes no bid, or withdraws the one it made. */
export function takeRefusal(
  task: Task,
  agentId: string,
  reason: string,
  context: StepContext,
): Step {
  if (task.bids.some((bid) => bid.agentId === agentId)) {
    return stay({ ...task, bids: task.bids.filter((bid) => bid.agentId !== agentId) });
  }
  if (!task.pending.includes(agentId)) return ignored(task, notAwaited(task, agentId));
  // When the time is over it counts as silent, whether the clock or its refusal comes first.
  const over = task.bidsUntilMs !== 0 && context.nowMs >= task.bidsUntilMs;
  if (over) return closeBidding(task, context);
  const pending = task.pending.filter((name) => name !== agentId);
  if (task.status !== 'distributing') return whenAllAnswered({ ...task, pending }, context);
  const refusals = [...task.refusals, { agentId, reason }];
  return whenAllAnswered({ ...task, pending, refusals }, context);
}

function whenAllAnswered(task: Task, context: StepContext): Step {
  const over = task.bidsUntilMs !== 0 && task.pending.length === 0;
  return over ? closeBidding(task, context) : stay(task);
}

/** No more bids are taken. */
export function closeBidding(task: Task, context: StepContext): Step {
  const closed = { ...task, bidsUntilMs: 0 };
  // Where the first bid won, the others were only waited for as runners-up.
  return task.status === 'distributing' ? choose(closed, context) : stay(closed);
}

function notAwaited(task: Task, agentId: string): string {
  const had =
    task.award?.bid.agentId === agentId || task.attempts.some((each) => each.agentId === agentId);
  return had ? 'the sender has lost the task, or has it already' : 'no answer of it is awaited';
}
