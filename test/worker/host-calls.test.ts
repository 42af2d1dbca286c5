import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { OUTCOME_OK } from '../../src/wire/frames.js';
import { GuestBuilder, SCRATCH } from '../support/guest-builder.js';
import type { Effect } from '../support/reply-frames.js';
import { type Handled, WorkerHarness } from '../support/worker-harness.js';

let worker: WorkerHarness;
before(() => {
  worker = new WorkerHarness();
});
after(() => worker.close());

/** The result of a guest's last expression: its code when it failed, else 0. */
function resultOf({ done }: Handled): number {
  return done.outcome === OUTCOME_OK ? 0 : Number(done.error?.details.agent_code);
}

async function resultOfBody(guest: GuestBuilder, body: string): Promise<number> {
  return resultOf(await worker.handle(await worker.install(guest.build(body)), {}));
}

function logged(effects: readonly Effect[]): string[] {
  return effects.flatMap((effect) => (effect.kind === 'log' ? [effect.text] : []));
}

test('store_data publishes the entry, and load_data gives its full size and what fits', async () => {
  const guest = new GuestBuilder();
  const key = guest.text('k');
  const put = guest.use('store_data');
  const load = guest.use('load_data');
  const log = guest.use('console_log');
  const slot = await worker.install(
    guest.build(`
      (drop (call ${put} ${key} ${guest.text('hello world')}))
      (if (i32.ne (call ${load} ${key} (i32.const 0) (i32.const 0)) (i32.const 11))
        (then (return (i32.const 1))))
      (if (i32.ne (call ${load} ${key} (i32.const ${SCRATCH}) (i32.const 5)) (i32.const 11))
        (then (return (i32.const 2))))
      (call ${log} (i32.const ${SCRATCH}) (i32.const 6))
      (i32.const 0)`),
  );
  const { done, effects } = await worker.handle(slot, {});
  assert.equal(done.outcome, OUTCOME_OK);
  assert.deepEqual(effects[0], { kind: 'put', key: 'k', value: Buffer.from('hello world'), slot });
  assert.deepEqual(logged(effects), ['hello\0']);
});

test('data of before the installation is there, and is found again after a restart', async () => {
  const guest = new GuestBuilder();
  const load = guest.use('load_data');
  const put = guest.use('store_data');
  const own = guest.text('own');
  const body = `
    (drop (call ${put} ${own} ${own}))
    (i32.add
      (call ${load} ${guest.text('old')} (i32.const 0) (i32.const 0))
      (i32.mul (call ${load} ${guest.text('own2')} (i32.const 0) (i32.const 0)) (i32.const 1000)))`;
  const slot = await worker.install(guest.build(body), {
    data: [[Buffer.from('old'), Buffer.alloc(77)]],
  });
  assert.equal(resultOf(await worker.handle(slot, {})), 77 - 1_000);
  await worker.restart(slot);
  assert.equal(resultOf(await worker.handle(slot, {})), 77 - 1_000);
});

test('what a failed message stored or deleted is undone', async () => {
  const guest = new GuestBuilder();
  const key = guest.text('old');
  const load = guest.use('load_data');
  guest.add('(global $count (mut i32) (i32.const 0))');
  const slot = await worker.install(
    guest.build(`
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (if (i32.eq (global.get $count) (i32.const 3))
        (then (return (call ${load} ${key} (i32.const 0) (i32.const 0)))))
      (if (i32.eq (global.get $count) (i32.const 1))
        (then (drop (call ${guest.use('store_data')} ${key} ${key}))))
      (drop (call ${guest.use('delete_data')} ${key}))
      (i32.const 1)`),
    { data: [[Buffer.from('old'), Buffer.alloc(77)]] },
  );
  await worker.handle(slot, {});
  await worker.handle(slot, {});
  assert.equal(resultOf(await worker.handle(slot, {})), 77);
});

test('delete_data publishes the deletion, and answers -1 when there was nothing', async () => {
  const guest = new GuestBuilder();
  const key = guest.text('k');
  const slot = await worker.install(guest.build(`(call ${guest.use('delete_data')} ${key})`), {
    data: [[Buffer.from('k'), Buffer.alloc(1)]],
  });
  assert.deepEqual((await worker.handle(slot, {})).effects, [{ kind: 'delete', key: 'k', slot }]);
  assert.equal(resultOf(await worker.handle(slot, {})), -1);
});

test('keys and values beyond their bounds are refused', async () => {
  const stored = async (keyBytes: number, valueBytes: number): Promise<number> => {
    const guest = new GuestBuilder();
    guest.add('(func $grow (drop (memory.grow (i32.const 64))))');
    const range = (bytes: number): string => `(i32.const 0) (i32.const ${bytes})`;
    const call = `(call ${guest.use('store_data')} ${range(keyBytes)} ${range(valueBytes)})`;
    return resultOfBody(guest, `(call $grow) ${call}`);
  };
  assert.equal(await stored(0, 1), -2);
  assert.equal(await stored(LIMITS.data_key_bytes, 1), 0);
  assert.equal(await stored(LIMITS.data_key_bytes + 1, 1), -2);
  assert.equal(await stored(1, 0), 0);
  assert.equal(await stored(1, LIMITS.data_value_bytes), 0);
  assert.equal(await stored(1, LIMITS.data_value_bytes + 1), -3);
});

test('an agent’s data is bounded as a whole', async () => {
  const guest = new GuestBuilder();
  const entryBytes = (keyBytes: number, valueBytes: number): number =>
    LIMITS.data_entry_bytes + keyBytes + valueBytes;
  const roomBytes = entryBytes(2, 4) + entryBytes(2, 4) - 1;
  const valueBytes = LIMITS.data_bytes_per_agent - roomBytes - entryBytes(1, 0);
  const store = guest.use('store_data');
  const slot = await worker.install(
    guest.build(`
      (if (call ${store} ${guest.text('ab')} (i32.const 0) (i32.const 4)) (then (return (i32.const 1))))
      (call ${store} ${guest.text('cd')} (i32.const 0) (i32.const 4))`),
    { data: [[Buffer.from('x'), Buffer.alloc(valueBytes)]] },
  );
  assert.equal(resultOf(await worker.handle(slot, {})), -3);
});

test('get_config reads the deployment’s environment and nothing else', async () => {
  const guest = new GuestBuilder();
  const read = guest.use('get_config');
  const log = guest.use('console_log');
  const into = `(i32.const ${SCRATCH}) (i32.const 100)`;
  const slot = await worker.install(
    guest.build(`
      (call ${log} (i32.const ${SCRATCH}) (call ${read} ${guest.text('MODE')} ${into}))
      (call ${read} ${guest.text('toString')} ${into})`),
    { environment: { MODE: 'fäst' } },
  );
  const handled = await worker.handle(slot, {});
  assert.deepEqual(logged(handled.effects), ['fäst']);
  assert.equal(resultOf(handled), -1);
});

test('a capability is published once, and a malformed one refused', async () => {
  const registered = async (name: string | Uint8Array): Promise<Handled> => {
    const guest = new GuestBuilder();
    const call = `(call ${guest.use('register_capability')} ${guest.text(name)})`;
    return worker.handle(await worker.install(guest.build(`(drop ${call}) ${call}`)), {});
  };
  for (const name of ['translate', 'übersetzen:1.2', 'a/b.c-d:3']) {
    const { effects } = await registered(name);
    assert.deepEqual(
      effects.map((effect) => effect.kind === 'capability' && effect.name),
      [name],
    );
  }
  for (const name of ['', 'two words', 'x:', 'x:y', ':1', 'x:1.', 'x'.repeat(129), 'a\nb']) {
    assert.equal(resultOf(await registered(name)), -2, name);
  }
  assert.equal(resultOf(await registered(Uint8Array.of(0x61, 0xff, 0xfe))), -2);
});

test('subscriptions are checked, made canonical and published once', async () => {
  const subscribed = async (filter: unknown): Promise<Handled> => {
    const guest = new GuestBuilder();
    const call = `(call ${guest.use('subscribe_messages')} ${guest.json(filter)})`;
    return worker.handle(await worker.install(guest.build(`(drop ${call}) ${call}`)), {});
  };
  const { effects } = await subscribed({ agents: ['a'], performatives: ['QUERY_IF'] });
  assert.deepEqual(
    effects.map((effect) => effect.kind === 'subscribe' && effect.filter),
    [{ agents: ['a'], performatives: ['query-if'] }],
  );
  assert.equal(resultOf(await subscribed({})), 0);
  assert.equal(resultOf(await subscribed({ conversation_id: 'c' })), 0);
  for (const wrong of [1, [], { agent: 'a' }, { agents: 'a' }, { performatives: ['shout'] }]) {
    assert.equal(resultOf(await subscribed(wrong)), -2, JSON.stringify(wrong));
  }
});

test('a broadcast answers with the number of its receivers, itself left out of a capability’s', async () => {
  const guest = new GuestBuilder();
  const broadcast = guest.use('broadcast_message');
  const message = guest.json({ performative: 'cfp', content: { job: 1 } });
  const byCapability = guest.json({ capability: 'translate:1.2' });
  const byName = guest.json({ agents: ['one', 'two', 'agent_a', 'nobody'] });
  guest.add('(global $count (mut i32) (i32.const 0))');
  const slot = await worker.install(
    guest.build(`
      (global.set $count (i32.add (global.get $count) (i32.const 1)))
      (if (i32.eq (global.get $count) (i32.const 1))
        (then (return (call ${broadcast} ${byCapability} ${message}))))
      (if (i32.eq (global.get $count) (i32.const 2))
        (then (return (call ${broadcast} ${byName} ${message}))))
      (drop (call ${broadcast} ${byCapability} ${message}))
      (i32.const 0)`),
    { agentId: 'agent_self' },
  );
  const agent = (agentId: string, name: string, present = true) =>
    ({ change: 'agent', agentId, name, present }) as const;
  const offers = (agentId: string, capability: string, present = true) =>
    ({ change: 'capability', agentId, capability, present }) as const;
  worker.directory([
    agent('agent_a', 'one'),
    agent('agent_b', 'two'),
    agent('agent_c', 'three'),
    agent('agent_c', 'three', false),
    ...['agent_a', 'agent_b', 'agent_c', 'agent_self'].map((id) => offers(id, 'translate')),
    offers('agent_c', 'translate', false),
  ]);
  assert.equal(resultOf(await worker.handle(slot, {})), 2);
  assert.equal(resultOf(await worker.handle(slot, {})), 2);
  const [effect] = (await worker.handle(slot, {})).effects;
  assert.equal(effect?.kind, 'broadcast');
  assert.ok(effect?.kind === 'broadcast');
  assert.deepEqual(effect.filter, { capability: 'translate:1.2' });
  assert.equal(effect.message.sender, 'agent_self');
  assert.deepEqual(effect.message.content, { job: 1 });
});

test('a malformed broadcast filter is refused', async () => {
  for (const filter of [{}, { agents: [] }, { capability: '' }, { capability: 'x', agents: [] }]) {
    const guest = new GuestBuilder();
    const message = guest.json({ performative: 'inform' });
    const call = `(call ${guest.use('broadcast_message')} ${guest.json(filter)} ${message})`;
    assert.equal(await resultOfBody(guest, call), -2, JSON.stringify(filter));
  }
});

test('the time is that of the message and stands still', async () => {
  const guest = new GuestBuilder();
  const now = guest.use('current_timestamp');
  const slot = await worker.install(
    guest.build(`
      (i32.wrap_i64 (i64.sub (i64.const 1700000000000123) (call ${now})))`),
  );
  const handled = await worker.handle(slot, {}, { timestampUs: 1_700_000_000_000_123 });
  assert.equal(handled.done.outcome, OUTCOME_OK);
});

test('random numbers depend on agent and message and on nothing else', async () => {
  const guest = new GuestBuilder();
  const random = guest.use('random_u32');
  const source = guest.build(`(drop (call ${random})) (call ${random})`);
  const draw = async (agentId: string, messageId: string): Promise<number> => {
    const slot = await worker.install(source, { agentId });
    return resultOf(await worker.handle(slot, {}, { messageId }));
  };
  const first = await draw('agent_r', 'msg_1');
  assert.equal(await draw('agent_r', 'msg_1'), first);
  assert.notEqual(await draw('agent_r', 'msg_2'), first);
  assert.notEqual(await draw('agent_s', 'msg_1'), first);
});

test('AssemblyScript’s seed is a random number too, and trace a log line', async () => {
  const guest = new GuestBuilder();
  const words = Buffer.alloc(4 + 4);
  words.writeUInt32LE(4);
  words.write('hi', 4, 'utf16le');
  guest.bytesAt(SCRATCH, words);
  const numbers = [1.5, 2, 0, 0, 0].map((value) => `(f64.const ${value})`).join(' ');
  const slot = await worker.install(
    guest.build(`
      (call ${guest.use('trace', 'env')} (i32.const ${SCRATCH + 4}) (i32.const 2) ${numbers})
      (i32.trunc_sat_f64_u (call ${guest.use('seed', 'env')}))`),
    { agentId: 'agent_r' },
  );
  const handled = await worker.handle(slot, {}, { messageId: 'msg_1' });
  assert.deepEqual(logged(handled.effects), ['hi 1.5, 2']);
  assert.notEqual(resultOf(handled), 0);
});

test('fuel_remaining counts down what the message reports as used', async () => {
  const guest = new GuestBuilder();
  const remaining = guest.use('fuel_remaining');
  const slot = await worker.install(guest.build(`(i32.wrap_i64 (call ${remaining}))`), {
    fuelPerMessage: 10_000,
  });
  const handled = await worker.handle(slot, {});
  const left = resultOf(handled);
  const behind = 10_000 - handled.done.fuelUsed;
  assert.ok(left >= behind && left - behind < 10, `${left} left, ${behind} at the end`);
});

test('env offers every import of caxton under the same name', async () => {
  const guest = new GuestBuilder();
  const log = guest.use('console_log', 'env');
  const slot = await worker.install(
    guest.build(`(call ${log} ${guest.text('by env')}) (i32.const 0)`),
  );
  assert.deepEqual(logged((await worker.handle(slot, {})).effects), ['by env']);
});

test('effects of one message are bounded in number and in bytes', async () => {
  const guest = new GuestBuilder();
  const message = guest.json({ performative: 'inform', receiver: 'x' });
  const send = guest.use('send_message');
  const slot = await worker.install(
    guest.build(`
      (local $sent i32)
      (loop $next
        (if (i32.eqz (call ${send} ${message}))
          (then
            (local.set $sent (i32.add (local.get $sent) (i32.const 1)))
            (br $next))))
      (i32.sub (local.get $sent) (i32.const ${LIMITS.effects_messages}))`),
  );
  const { done, effects } = await worker.handle(slot, {});
  assert.equal(done.outcome, OUTCOME_OK);
  assert.equal(effects.length, LIMITS.effects_messages);
  const big = new GuestBuilder();
  const store = big.use('store_data');
  const megabyte = `(i32.const 0) (i32.const ${LIMITS.data_value_bytes})`;
  const bigSlot = await worker.install(
    big.build(`
      (local $stored i32)
      (drop (memory.grow (i32.const 64)))
      (loop $next
        (i32.store8 (i32.const 64) (local.get $stored))
        (if (i32.eqz (call ${store} (i32.const 64) (i32.const 1) ${megabyte}))
          (then
            (local.set $stored (i32.add (local.get $stored) (i32.const 1)))
            (br $next))))
      (i32.sub (local.get $stored) (i32.const 2))`),
  );
  const handled = await worker.handle(bigSlot, {});
  assert.equal(handled.done.outcome, OUTCOME_OK);
  assert.equal(handled.effects.length, 2);
});
