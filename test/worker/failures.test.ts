import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { decodeMessage } from '../../src/fipa/binary.js';
import { contentValue } from '../../src/fipa/message.js';
import {
  BOUNCE_RESTARTING,
  FRAME_HEADER_BYTES,
  LOG_ERROR,
  OUTCOME_FAILED,
  OUTCOME_OK,
  OUTCOME_TRAPPED,
} from '../../src/wire/frames.js';
import { GuestBuilder, INBOX } from '../support/guest-builder.js';
import { guest } from '../support/guests.js';
import { WorkerHarness } from '../support/worker-harness.js';

let worker: WorkerHarness;
before(() => {
  worker = new WorkerHarness();
});
after(() => worker.close());

const FUEL = 200_000;

test('non-zero from handle_message fails the message and keeps the instance', async () => {
  const slot = await worker.install(new GuestBuilder().build('(i32.const 42)'));
  const { done } = await worker.handle(slot, { content: { a: 1 } });
  assert.equal(done.outcome, OUTCOME_FAILED);
  assert.equal(done.error?.code, 'MESSAGE_DELIVERY_FAILED');
  assert.equal(done.error?.details.agent_code, 42);
  const message = decodeMessage(done.frame!, FRAME_HEADER_BYTES);
  assert.deepEqual(contentValue(message), { a: 1 });
  assert.equal((await worker.handle(slot, {})).done.outcome, OUTCOME_FAILED);
});

test('a trap in caxton_alloc is called that', async () => {
  const source = new GuestBuilder().build().replace('(local $missing i32)', '$& (unreachable)');
  const slot = await worker.install(source);
  const { done } = await worker.handle(slot, {});
  assert.equal(done.error?.code, 'MESSAGE_DELIVERY_FAILED');
  assert.equal(done.error?.details.export, 'caxton_alloc');
  assert.match(done.error?.message ?? '', /caxton_alloc trapped: unreachable/);
});

test('an encoding that there is not is refused with those that there are', async () => {
  const guest = new GuestBuilder().export('caxton_encoding', '(i32.const 2)', '(result i32)');
  await assert.rejects(worker.install(guest.build()), {
    code: 'DEPLOYMENT_FAILED',
    message: /caxton_encoding returned 2 instead of 0 \(JSON\) or 1 \(MessagePack\)/,
  });
});

test('memory may be grown so often in each call, and again in the next', async () => {
  const slot = await worker.install(
    new GuestBuilder().build(`(local $count i32)
      (loop $again
        (if (i32.ne (memory.grow (i32.const 0)) (i32.const -1))
          (then
            (local.set $count (i32.add (local.get $count) (i32.const 1)))
            (br $again))))
      (local.get $count)`),
  );
  for (let call = 0; call < 2; call++) {
    const { done } = await worker.handle(slot, {});
    assert.equal(done.outcome, OUTCOME_FAILED);
    assert.equal(done.error?.details.agent_code, LIMITS.memory_growth_per_call);
  }
});

const TRAPS: ReadonlyArray<readonly [string, string, RegExp]> = [
  ['unreachable', '(unreachable)', /unreachable/],
  ['division by zero', '(i32.div_s (i32.const 1) (i32.const 0))', /divide by zero/],
  ['memory out of bounds', '(i32.load (i32.const -8))', /out of bounds/],
];

for (const [what, body, text] of TRAPS) {
  test(`a trap by ${what} fails the message with its text`, async () => {
    const slot = await worker.install(new GuestBuilder().build(body));
    const { done } = await worker.handle(slot, {});
    assert.equal(done.outcome, OUTCOME_TRAPPED);
    assert.equal(done.error?.code, 'MESSAGE_DELIVERY_FAILED');
    assert.match(String(done.error?.details.trap), text);
  });
}

test('after a trap frames bounce until the restart, which begins with a fresh memory', async () => {
  const counting = new GuestBuilder().add('(global $count (mut i32) (i32.const 0))');
  const slot = await worker.install(
    counting.build(`
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (if (i32.eq (global.get $count) (i32.const 2)) (then (unreachable)))
      (i32.const 0)`),
  );
  assert.equal((await worker.handle(slot, {})).done.outcome, OUTCOME_OK);
  const trapping = worker.send(slot, {});
  const waiting = worker.send(slot, {});
  assert.equal((await worker.handled(trapping)).done.outcome, OUTCOME_TRAPPED);
  const bounce = await worker.bounced(waiting);
  assert.equal(bounce.reason, BOUNCE_RESTARTING);
  assert.equal(bounce.frame.readUInt32LE(8), waiting);
  await worker.restart(slot);
  assert.equal((await worker.handle(slot, {})).done.outcome, OUTCOME_OK);
  assert.equal((await worker.handle(slot, {})).done.outcome, OUTCOME_TRAPPED);
});

const ENDLESS = [
  'loop-br',
  'loop-br-if',
  'loop-br-table',
  'loop-call',
  'loop-call-indirect',
  'loop-nested',
  'memory-fill-loop',
  'log-flood',
  'output-flood',
  'timer-flood',
];

for (const name of ENDLESS) {
  test(`the guest ${name} is stopped by its fuel`, async () => {
    const slot = await worker.install(await guest(name), { fuelPerMessage: FUEL });
    const { done } = await worker.handle(slot, { content: 1 });
    assert.equal(done.outcome, OUTCOME_TRAPPED, JSON.stringify(done.error));
    assert.equal(done.error?.code, 'RESOURCE_LIMIT_EXCEEDED');
    assert.deepEqual(done.error?.details, { resource: 'fuel', limit: FUEL });
    assert.equal(done.fuelUsed, FUEL);
  });
}

test('endless recursion ends as a trap or out of fuel, never the worker', async () => {
  const slot = await worker.install(
    new GuestBuilder()
      .add('(func $deep (result i32) (i32.add (call $deep) (i32.const 1)))')
      .build('(call $deep)'),
    { fuelPerMessage: 1_000_000_000 },
  );
  const { done } = await worker.handle(slot, {});
  assert.equal(done.outcome, OUTCOME_TRAPPED);
  assert.match(String(done.error?.details.trap), /stack overflow/);
});

test('recursion that calls the host at every depth leaves no effects behind', async () => {
  const recursive = new GuestBuilder();
  const put = recursive.use('store_data');
  const text = recursive.text('key');
  recursive.add(`(func $deep (result i32)
    (drop (call ${put} ${text} ${text}))
    (i32.add (call $deep) (i32.const 1)))`);
  const slot = await worker.install(recursive.build('(call $deep)'), {
    fuelPerMessage: 1_000_000_000,
  });
  const { done, effects } = await worker.handle(slot, {});
  assert.equal(done.outcome, OUTCOME_TRAPPED);
  assert.deepEqual(effects, []);
  const neighbour = await worker.install(new GuestBuilder().build());
  assert.equal((await worker.handle(neighbour, {})).done.outcome, OUTCOME_OK);
});

test('growing memory stops at the cap and the caller is told with -1', async () => {
  const slot = await worker.install(new GuestBuilder().build('(memory.grow (i32.const 2))'), {
    memoryMaxBytes: 3 * 65_536,
  });
  const { done } = await worker.handle(slot, {});
  assert.equal(done.error?.details.agent_code, -1);
  assert.equal(done.memoryBytes, 2 * 65_536);
});

test('memory that grew during the call is read and written afterwards', async () => {
  const growing = new GuestBuilder();
  const load = growing.use('load_data');
  const put = growing.use('store_data');
  const log = growing.use('console_log');
  const key = growing.text('key');
  const value = growing.text('value in new memory');
  const slot = await worker.install(
    growing.build(`
      (drop (call ${put} ${key} ${value}))
      (drop (memory.grow (i32.const 3)))
      (drop (call ${load} ${key} (i32.const 300000) (i32.const 100)))
      (call ${log} (i32.const 300000) (i32.const 19))
      (i32.const 0)`),
  );
  const { done, effects } = await worker.handle(slot, {});
  assert.equal(done.memoryBytes, 5 * 65_536);
  assert.deepEqual(effects.at(-1), { kind: 'log', level: 0, text: 'value in new memory', slot });
});

const ALLOCATIONS: ReadonlyArray<readonly [string, number, string]> = [
  ['alloc-refuses', OUTCOME_FAILED, 'RESOURCE_LIMIT_EXCEEDED'],
  ['alloc-negative', OUTCOME_TRAPPED, 'MESSAGE_DELIVERY_FAILED'],
  ['alloc-out-of-range', OUTCOME_TRAPPED, 'MESSAGE_DELIVERY_FAILED'],
];

for (const [name, outcome, code] of ALLOCATIONS) {
  test(`the guest ${name} fails its message with ${code}`, async () => {
    const slot = await worker.install(await guest(name));
    const { done } = await worker.handle(slot, { content: 1 });
    assert.equal(done.outcome, outcome);
    assert.equal(done.error?.code, code);
  });
}

const BAD_RANGES = ['(i32.const -1) (i32.const 1)', '(i32.const 131072) (i32.const 1)'];
const POINTER_CALLS: Readonly<Record<string, string>> = {
  send_message: 'RANGE',
  register_capability: 'RANGE',
  subscribe_messages: 'RANGE',
  delete_data: 'RANGE',
  console_log: 'RANGE',
  console_error: 'RANGE',
  broadcast_message: 'RANGE (i32.const 0) (i32.const 0)',
  store_data: '(i32.const 0) (i32.const 1) RANGE',
  load_data: '(i32.const 0) (i32.const 1) RANGE',
  get_config: 'RANGE (i32.const 0) (i32.const 0)',
};

for (const [name, operands] of Object.entries(POINTER_CALLS)) {
  test(`a bad pointer to ${name} traps the call`, async () => {
    for (const range of BAD_RANGES) {
      const bad = new GuestBuilder();
      const drop = name.startsWith('console') ? '' : 'drop';
      const call = `(call ${bad.use(name)} ${operands.replace('RANGE', range)})`;
      const slot = await worker.install(bad.build(`${call} ${drop} (i32.const 0)`));
      const { done } = await worker.handle(slot, {});
      assert.equal(done.outcome, OUTCOME_TRAPPED);
      assert.match(String(done.error?.details.trap), /outside the memory of 131072 bytes/);
    }
  });
}

test('a host call that costs more than is left ends as out of fuel, before it acts', async () => {
  const poor = new GuestBuilder();
  const log = poor.use('console_error');
  const slot = await worker.install(
    poor.build(`(call ${log} (i32.const 0) (i32.const 16)) (i32.const 0)`),
    { fuelPerMessage: 200 },
  );
  const { done, effects } = await worker.handle(slot, {});
  assert.equal(done.error?.details.resource, 'fuel');
  assert.deepEqual(effects, []);
});

test('a host call is charged its price and one unit for every 64 bytes', async () => {
  const price = async (bytes: number): Promise<number> => {
    const priced = new GuestBuilder();
    const log = priced.use('console_log');
    const slot = await worker.install(
      priced.build(`(call ${log} (i32.const 0) (i32.const ${bytes})) (i32.const 0)`),
    );
    return (await worker.handle(slot, {})).done.fuelUsed;
  };
  assert.equal((await price(6_400)) - (await price(0)), 100);
});

const GARBAGE_CALLS = ['send_message', 'subscribe_messages', 'broadcast_message'] as const;

for (const name of GARBAGE_CALLS) {
  test(`garbage given to ${name} again and again is soon not looked at any more`, async () => {
    const flooding = new GuestBuilder();
    const range = '(i32.const 65536) (i32.const 1000000)';
    const filter = name === 'broadcast_message' ? flooding.json({ capability: 'x' }) : '';
    const slot = await worker.install(
      flooding.build(`
        (local $calls i32)
        (drop (memory.grow (i32.const 16)))
        (memory.fill ${range.replace(') (', ') (i32.const 91) (')})
        (loop $next
          (local.set $calls (i32.add (local.get $calls) (i32.const 1)))
          (br_if $next (i32.eq (call ${flooding.use(name)} ${filter} ${range}) (i32.const -2))))
        (local.get $calls)`),
    );
    const { done } = await worker.handle(slot, {});
    assert.equal(done.error?.details.agent_code, 7);
  });
}

test('a failed message leaves nothing but its log lines', async () => {
  const failing = new GuestBuilder();
  const key = failing.text('key');
  const message = failing.json({ performative: 'inform', receiver: 'x' });
  const slot = await worker.install(
    failing.build(`
      (call ${failing.use('console_error')} ${key})
      (drop (call ${failing.use('send_message')} ${message}))
      (drop (call ${failing.use('store_data')} ${key} ${key}))
      (drop (call ${failing.use('set_timer')} (i64.const 1000)))
      (drop (call ${failing.use('register_capability')} ${key}))
      (i32.const 5)`),
  );
  const { done, effects } = await worker.handle(slot, {});
  assert.equal(done.outcome, OUTCOME_FAILED);
  assert.deepEqual(effects, [{ kind: 'log', level: LOG_ERROR, text: 'key', slot }]);
});

test('AssemblyScript’s abort fails the message with text, file, line and column', async () => {
  const aborting = new GuestBuilder();
  const text = (value: string): Uint8Array => {
    const units = Buffer.from(value, 'utf16le');
    const size = Buffer.alloc(4);
    size.writeUInt32LE(units.length);
    return Buffer.concat([size, units]);
  };
  aborting.bytesAt(INBOX - 2_000, text('index out of range'));
  aborting.bytesAt(INBOX - 1_000, text('assembly/ä.ts'));
  const slot = await worker.install(
    aborting.build(`
      (call ${aborting.use('abort', 'env')}
        (i32.const ${INBOX - 1_996}) (i32.const ${INBOX - 996}) (i32.const 12) (i32.const 7))
      (i32.const 0)`),
  );
  const { done } = await worker.handle(slot, {});
  assert.equal(done.outcome, OUTCOME_TRAPPED);
  assert.equal(done.error?.details.trap, 'index out of range in assembly/ä.ts:12:7');
});
