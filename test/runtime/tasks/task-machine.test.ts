import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TaskCommand, TaskEvent } from '../../../src/runtime/tasks/events.js';
import { STRATEGIES } from '../../../src/runtime/tasks/strategies.js';
import { deadlineMs, hasEnded, newTask, type Task } from '../../../src/runtime/tasks/task.js';
import { step } from '../../../src/runtime/tasks/task-machine.js';

const NAMES = ['a', 'b', 'c'];
const TIMEOUT_MS = 1_000;

const fresh = (): Task =>
  newTask(
    `task_${'0'.repeat(26)}`,
    {
      name: 'n',
      description: '',
      data: '',
      participants: NAMES,
      capabilities: [],
      minPerformanceScore: 0,
      timeoutMs: TIMEOUT_MS,
      createdBy: 'tests',
    },
    1,
  );

const bidOf = (agentId: string, estimatedTimeS = 1) => ({
  agentId,
  estimatedTimeS,
  cost: undefined,
  confidence: undefined,
  replyWith: 'p',
});

/** A task that is led through events, with everything it commanded. */
class Run {
  task = fresh();
  nowMs = 10;
  readonly commands: TaskCommand[] = [];

  take(event: TaskEvent): this {
    const taken = step(this.task, event, { nowMs: this.nowMs, lastAwardOf: () => 0 });
    this.task = taken.task;
    this.commands.push(...taken.commands);
    return this;
  }

  distribute(strategy: (typeof STRATEGIES)[number] = 'best_bid'): this {
    return this.take({ type: 'distribute', strategy, participants: NAMES, bidsUntilMs: 100 });
  }

  bid(agentId: string, timeS?: number): this {
    return this.take({ type: 'bid', bid: bidOf(agentId, timeS) });
  }

  refuse(from: string): this {
    return this.take({ type: 'turned_down', from, reason: 'no' });
  }

  at(nowMs: number): this {
    this.nowMs = nowMs;
    return this.take({ type: 'clock' });
  }

  /** Types of the commands so far, with whom they are about; they are forgotten. */
  told(): string[] {
    return this.commands.splice(0).map((command) => {
      if (command.type === 'accept') return `accept ${command.bid.agentId}`;
      if (command.type === 'publish') return command.event;
      if (command.type === 'count') return `count ${command.agentId} ${command.completed}`;
      return 'to' in command ? `${command.type} ${command.to}` : command.type;
    });
  }
}

const awarded = (): Run =>
  new Run().distribute().bid('a', 1).bid('b', 2).bid('c', 3).take({ type: 'delivered' });

test('a task is offered when all have answered, or when the time for bids is over', () => {
  const all = new Run().distribute();
  assert.deepEqual(all.told(), ['call a', 'call b', 'call c']);
  assert.deepEqual(all.bid('a', 5).refuse('b').told(), []);
  assert.deepEqual(all.bid('c', 4).told(), ['accept c']);
  const timed = new Run().distribute().bid('b');
  timed.told();
  assert.deepEqual(timed.at(99).told(), []);
  assert.deepEqual(timed.at(100).told(), ['accept b']);
  assert.deepEqual(timed.take({ type: 'delivered' }).told(), [
    'took_turn',
    'task.distributed',
    'answer',
  ]);
  assert.equal(timed.task.status, 'in_progress');
  assert.equal(deadlineMs(timed.task), 100 + TIMEOUT_MS);
});

test('losers are turned down when the task ends, not before', () => {
  const run = awarded();
  assert.ok(!run.told().some((text) => text.startsWith('reject')));
  run.take({ type: 'done', from: 'a', result: '', messageId: 'm' });
  assert.deepEqual(run.told(), ['count a true', 'reject b', 'reject c', 'task.completed']);
});

test('who has not answered is told when the task is cancelled, and is not heard any more', () => {
  const run = new Run().distribute().bid('a').refuse('b');
  run.told();
  run.take({ type: 'cancel', reason: '' });
  assert.deepEqual(run.told(), ['cancel c', 'reject a', 'task.cancelled', 'deny']);
  assert.deepEqual(run.bid('c').told(), ['ignore']);
  const first = new Run().distribute('first_bid').bid('a').take({ type: 'delivered' });
  first.told();
  first.take({ type: 'cancel', reason: '' });
  assert.deepEqual(first.told(), ['cancel a', 'cancel b', 'cancel c', 'task.cancelled', 'deny']);
});

test('each failure moves on to the next best, and the last one fails the task', () => {
  const run = awarded();
  run.told();
  assert.deepEqual(run.refuse('a').told(), ['count a false', 'accept b']);
  run.take({ type: 'delivered' });
  run.told();
  assert.deepEqual(run.at(10 + TIMEOUT_MS).told(), ['count b false', 'cancel b', 'accept c']);
  run.take({ type: 'delivered' });
  run.told();
  assert.deepEqual(run.refuse('c').told(), ['count c false', 'task.failed']);
  assert.equal(run.task.status, 'failed');
  assert.deepEqual(
    run.task.attempts.map((attempt) => attempt.outcome),
    ['failed', 'timed_out', 'failed'],
  );
});

test('a bidder that withdraws is no runner-up', () => {
  const run = awarded().refuse('b');
  run.told();
  assert.deepEqual(run.refuse('a').told(), ['count a false', 'accept c']);
});

test('a bid that can’t be told of its luck is passed over, and counts for nobody', () => {
  const run = new Run().distribute().bid('a', 1).bid('b', 2).refuse('c');
  run.told();
  run.take({ type: 'undeliverable', to: 'a', reason: 'gone' });
  assert.deepEqual(run.told(), ['accept b']);
  run.take({ type: 'undeliverable', to: 'b', reason: 'gone' });
  assert.deepEqual(run.told(), ['deny']);
  assert.equal(run.task.status, 'created');
});

test('a late bid is turned down once, whatever became of the task', () => {
  const run = new Run().distribute().bid('a').at(100).take({ type: 'delivered' });
  run.told();
  assert.deepEqual(run.bid('b').told(), ['reject b', 'ignore']);
  assert.deepEqual(run.bid('b').told(), ['ignore']);
  run.take({ type: 'done', from: 'a', result: '', messageId: 'm' });
  run.told();
  assert.deepEqual(run.bid('c').told(), ['reject c', 'ignore']);
  assert.deepEqual(run.bid('stranger').told(), ['ignore']);
});

test('a refusal that comes when the time is over counts as silence', () => {
  const bidding = new Run().distribute();
  bidding.nowMs = 100;
  bidding.told();
  assert.deepEqual(bidding.refuse('b').told(), ['deny']);
  assert.equal(bidding.task.status, 'created');
  const run = awarded();
  run.nowMs = 10 + TIMEOUT_MS;
  run.refuse('a');
  assert.equal(run.task.attempts[0]!.outcome, 'timed_out');
});

test('a restart ends a distribution and lets an award go on with its time', () => {
  const bidding = new Run().distribute().bid('a').take({ type: 'restart' });
  assert.equal(bidding.task.status, 'created');
  assert.equal(deadlineMs(bidding.task), 0);
  assert.equal(bidding.distribute().task.round, 2);
  const run = awarded();
  const before = run.task;
  run.take({ type: 'restart' });
  assert.deepEqual(run.task, before);
  assert.equal(deadlineMs(run.task), 10 + TIMEOUT_MS);
});

test('whatever happens, a task ends at most once and everybody is told at most one end', () => {
  const name = fc.constantFrom(...NAMES, 'stranger');
  const event: fc.Arbitrary<TaskEvent> = fc.oneof(
    fc.record({ type: fc.constant('bid' as const), bid: name.map((each) => bidOf(each)) }),
    fc.record({
      type: fc.constant('turned_down' as const),
      from: name,
      reason: fc.constant('no'),
    }),
    fc.record({
      type: fc.constant('done' as const),
      from: name,
      result: fc.constant(''),
      messageId: fc.constant('m'),
    }),
    fc.constant<TaskEvent>({ type: 'clock' }),
    fc.constant<TaskEvent>({ type: 'restart' }),
    fc.constant<TaskEvent>({ type: 'cancel', reason: '' }),
  );
  const steps = fc.array(fc.record({ event, laterMs: fc.nat(300), arrives: fc.boolean() }));
  fc.assert(
    fc.property(fc.constantFrom(...STRATEGIES), steps, (strategy, list) => {
      const run = new Run().distribute(strategy);
      const ends: string[] = [];
      const rejected: string[] = [];
      for (const { event: next, laterMs, arrives } of list) {
        run.nowMs += laterMs;
        // The API refuses these two itself.
        if (hasEnded(run.task) && next.type === 'cancel') continue;
        run.take(next);
        while (run.task.offered !== undefined) {
          const to = run.task.offered.agentId;
          run.take(arrives ? { type: 'delivered' } : { type: 'undeliverable', to, reason: '' });
        }
        for (const text of run.told()) {
          if (/^task\.(completed|failed|cancelled)$/.test(text)) ends.push(text);
          if (text.startsWith('reject ')) rejected.push(text);
        }
        const { task } = run;
        assert.equal(hasEnded(task), ends.length === 1);
        if (hasEnded(task)) assert.equal(task.bids.length + deadlineMs(task), 0);
        if (task.status === 'created') assert.equal(deadlineMs(task), 0);
        if (task.status === 'distributing') assert.ok(deadlineMs(task) > 0);
      }
      assert.equal(new Set(rejected).size, rejected.length);
    }),
    { numRuns: 1_000 },
  );
});
