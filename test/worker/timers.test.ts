import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { FRAME_TIMER, OUTCOME_FAILED, OUTCOME_OK } from '../../src/wire/frames.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { WorkerHarness } from '../support/worker-harness.js';

let worker: WorkerHarness;
before(() => {
  worker = new WorkerHarness();
});
after(() => worker.close());

test('a timer’s id and delay are published, and the id comes back to handle_timer', async () => {
  const guest = new GuestBuilder();
  guest.add(`(func (export "handle_timer") (param $id i32) (result i32) (local.get $id))`);
  const set = guest.use('set_timer');
  const slot = await worker.install(
    guest.build(
      `(drop (call ${set} (i64.const 0))) (drop (call ${set} (i64.const 2500))) (i32.const 0)`,
    ),
    { nextTimerId: 41 },
  );
  const { effects } = await worker.handle(slot, {});
  assert.deepEqual(effects, [
    { kind: 'timer', id: 41, delayUs: 0, slot },
    { kind: 'timer', id: 42, delayUs: 2_500, slot },
  ]);
  const { done } = await worker.handled(worker.fire(slot, 42));
  assert.equal(done.outcome, OUTCOME_FAILED);
  assert.deepEqual(done.error?.details, { agent_code: 42, export: 'handle_timer' });
  assert.equal(done.frame?.[0], FRAME_TIMER);
});

test('a timer comes due once', async () => {
  const guest = new GuestBuilder();
  guest.add(`(func (export "handle_timer") (param $id i32) (result i32) (i32.const 9))`);
  const set = `(drop (call ${guest.use('set_timer')} (i64.const 1)))`;
  const slot = await worker.install(guest.build(`${set} (i32.const 0)`));
  await worker.handle(slot, {});
  assert.equal((await worker.handled(worker.fire(slot, 1))).done.outcome, OUTCOME_FAILED);
  assert.equal((await worker.handled(worker.fire(slot, 1))).done.outcome, OUTCOME_OK);
});

test('a due timer does nothing in an agent without handle_timer', async () => {
  const guest = new GuestBuilder();
  const set = `(drop (call ${guest.use('set_timer')} (i64.const 1)))`;
  const slot = await worker.install(guest.build(`${set} (i32.const 0)`));
  await worker.handle(slot, {});
  const { done } = await worker.handled(worker.fire(slot, 1));
  assert.equal(done.outcome, OUTCOME_OK);
  assert.equal(done.fuelUsed, 0);
});

test('delays are checked', async () => {
  for (const [delayUs, result] of [
    [-1, -2],
    [LIMITS.timer_delay_max_ms * 1_000 + 1, -3],
  ]) {
    const guest = new GuestBuilder();
    const call = `(call ${guest.use('set_timer')} (i64.const ${delayUs}))`;
    const { done } = await worker.handle(await worker.install(guest.build(call)), {});
    assert.equal(done.error?.details.agent_code, result);
  }
});

test('a cancelled timer is not handed over, even when it is on its way already', async () => {
  const guest = new GuestBuilder();
  guest.add(`(func (export "handle_timer") (param $id i32) (result i32) (i32.const 9))`);
  guest.add('(global $count (mut i32) (i32.const 0))');
  const cancel = guest.use('cancel_timer');
  const slot = await worker.install(
    guest.build(`
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (if (i32.eq (global.get $count) (i32.const 1))
        (then (drop (call ${guest.use('set_timer')} (i64.const 1))) (return (i32.const 0))))
      (call ${cancel} (i32.const 1))`),
  );
  await worker.handle(slot, {});
  const cancelling = worker.send(slot, {});
  const due = worker.fire(slot, 1);
  assert.deepEqual((await worker.handled(cancelling)).effects, [{ kind: 'cancel', id: 1, slot }]);
  assert.equal((await worker.handled(due)).done.outcome, OUTCOME_OK);
  assert.equal((await worker.handle(slot, {})).done.error?.details.agent_code, -1);
});

test('a failed message sets no timer, cancels none and uses up no id', async () => {
  const guest = new GuestBuilder();
  guest.add(`(func (export "handle_timer") (param $id i32) (result i32) (i32.const 9))`);
  guest.add('(global $count (mut i32) (i32.const 0))');
  const set = guest.use('set_timer');
  const slot = await worker.install(
    guest.build(`
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (if (i32.eq (global.get $count) (i32.const 2))
        (then
          (drop (call ${guest.use('cancel_timer')} (i32.const 1)))
          (drop (call ${set} (i64.const 1)))
          (return (i32.const 1))))
      (drop (call ${set} (i64.const 1)))
      (i32.const 0)`),
  );
  await worker.handle(slot, {});
  assert.deepEqual((await worker.handle(slot, {})).effects, []);
  const third = await worker.handle(slot, {});
  assert.deepEqual(third.effects, [{ kind: 'timer', id: 2, delayUs: 1, slot }]);
  assert.equal((await worker.handled(worker.fire(slot, 1))).done.outcome, OUTCOME_FAILED);
});

test('timers of before the installation come due once, unless they are cancelled', async () => {
  const guest = new GuestBuilder();
  guest.add(`(func (export "handle_timer") (param $id i32) (result i32) (i32.const 9))`);
  const cancel = guest.use('cancel_timer');
  const slot = await worker.install(guest.build(`(call ${cancel} (i32.const 3))`), {
    nextTimerId: 5,
  });
  assert.equal((await worker.handled(worker.fire(slot, 4))).done.outcome, OUTCOME_FAILED);
  assert.equal((await worker.handled(worker.fire(slot, 4))).done.outcome, OUTCOME_OK);
  assert.equal((await worker.handle(slot, {})).done.outcome, OUTCOME_OK);
  assert.equal((await worker.handled(worker.fire(slot, 3))).done.outcome, OUTCOME_OK);
});

test('a timer’s time is when it came due, and its random numbers depend on that', async () => {
  const guest = new GuestBuilder();
  const now = guest.use('current_timestamp');
  const random = guest.use('random_u32');
  guest.add(`(func (export "handle_timer") (param $id i32) (result i32)
    (if (i64.ne (call ${now}) (i64.const 1700000000000777)) (then (return (i32.const -1))))
    (call ${random}))`);
  const draw = async (id: number): Promise<unknown> => {
    const slot = await worker.install(guest.build(), { agentId: 'agent_t', nextTimerId: 100 });
    const due = await worker.handled(worker.fire(slot, id, 1_700_000_000_000_777));
    return due.done.error?.details.agent_code;
  };
  const first = await draw(1);
  assert.notEqual(first, -1);
  assert.equal(await draw(1), first);
  assert.notEqual(await draw(2), first);
});

test('an agent has a bounded number of timers', async () => {
  const guest = new GuestBuilder();
  const set = guest.use('set_timer');
  const slot = await worker.install(
    guest.build(`
      (local $left i32)
      (local.set $left (i32.const ${LIMITS.timers_per_agent / 2 + 1}))
      (loop $next
        (if (i32.lt_s (call ${set} (i64.const 1)) (i32.const 0)) (then (return (i32.const -3))))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $next (local.get $left)))
      (i32.const 0)`),
  );
  assert.equal((await worker.handle(slot, {})).done.outcome, OUTCOME_OK);
  assert.equal((await worker.handle(slot, {})).done.error?.details.agent_code, -3);
});
