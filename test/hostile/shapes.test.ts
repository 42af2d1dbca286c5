import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { GuestBuilder, SCRATCH } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { call } from '../support/rest-client.js';
import { type Fails, runsOutOfFuel, traps } from './expectations.js';
import { assertFailure, Neighbourhood } from './neighbourhood.js';

/** Attacks of a few lines each, in places and shapes that the guests of test/guests leave out. */

const MESSAGES = 2;

interface Attack {
  /** The body of `handle_message`. */
  readonly body: string;
  /** What else the module has. */
  readonly parts?: readonly string[];
  readonly expected: Fails;
}

const outOfFuel = runsOutOfFuel();
const endless = (body: string): string => `(loop $again ${body} (br $again)) (i32.const 0)`;
const loops = (body: string, ...parts: string[]): Attack => ({
  body: endless(body),
  parts,
  expected: outOfFuel,
});

const CODE: Readonly<Record<string, Attack>> = {
  'a back edge in both arms of an if': {
    body: `(loop $again (if (local.get $len) (then (br $again)) (else (br $again))))
      (i32.const 0)`,
    expected: outOfFuel,
  },
  'a back edge out of a block': loops('(block (br $again))'),
  'an inner loop that goes on at the outer one': {
    body: '(loop $o (loop $i (br_if $o (i32.const 1)) (br $i))) (i32.const 0)',
    expected: outOfFuel,
  },
  'a loop with parameters': {
    body: '(i32.const 1) (loop $again (param i32) (result i32) (br $again))',
    expected: outOfFuel,
  },
  'a loop of nothing but calls': loops('(call $nothing)', '(func $nothing)'),
  'a loop of vectors': loops(
    '(global.set $v (i8x16.add (global.get $v) (global.get $v)))',
    '(global $v (mut v128) (v128.const i64x2 1 2))',
  ),
  'a loop of stores': loops('(i32.store (i32.const 0) (local.get $ptr))'),
  'a loop of copies of all memory': loops(
    '(memory.copy (i32.const 0) (i32.const 1) (i32.const 131000))',
  ),
  'a loop of growth by nothing': loops('(drop (memory.grow (i32.const 0)))'),
  'a loop of refused growth': loops('(drop (memory.grow (i32.const -1)))'),
  'a loop of growth of a table': loops(
    '(drop (table.grow $t (ref.null extern) (i32.const 1000)))',
    '(table $t 1 externref)',
  ),
  'a tree of calls without a loop': {
    body: '(call $f19) (i32.const 0)',
    parts: Array.from({ length: 20 }, (_, i) =>
      i === 0 ? '(func $f0)' : `(func $f${i} ${`(call $f${i - 1})`.repeat(10)})`,
    ),
    expected: outOfFuel,
  },
  'recursion of two functions': {
    body: '(call $a (local.get $len))',
    parts: [
      '(func $a (param i32) (result i32) (i32.add (call $b (local.get 0)) (i32.const 1)))',
      '(func $b (param i32) (result i32) (i32.add (call $a (local.get 0)) (i32.const 1)))',
    ],
    expected: traps(/stack overflow/),
  },
  'recursion through a table': {
    body: '(call $a)',
    parts: [
      '(type $t (func (result i32))) (table funcref (elem $a))',
      '(func $a (result i32) (i32.add (call_indirect (type $t) (i32.const 0)) (i32.const 1)))',
    ],
    expected: traps(/stack overflow/),
  },
};

/** A host function, its module, and the operands with which it is called again and again. */
const HOST_CALLS: ReadonlyArray<
  readonly [module: string, name: string, operands: (guest: GuestBuilder) => string]
> = [
  ['caxton', 'current_timestamp', () => ''],
  ['caxton', 'random_u32', () => ''],
  ['caxton', 'fuel_remaining', () => ''],
  ['caxton', 'set_timer', () => '(i64.const 1000)'],
  ['caxton', 'cancel_timer', () => '(i32.const 7)'],
  ['caxton', 'send_message', (guest) => guest.text('[['.repeat(5_000))],
  ['caxton', 'send_message', () => '(i32.const 0) (i32.const 0)'],
  ['caxton', 'subscribe_messages', (guest) => guest.json({ performatives: ['inform'] })],
  ['caxton', 'register_capability', () => `(i32.const 0) (i32.const ${SCRATCH})`],
  ['caxton', 'store_data', (guest) => `${guest.text('k')} (i32.const 0) (i32.const 65536)`],
  ['caxton', 'load_data', (guest) => `${guest.text('none')} (i32.const 0) (i32.const 65536)`],
  ['caxton', 'delete_data', (guest) => guest.text('none')],
  ['caxton', 'get_config', (guest) => `${guest.text('none')} (i32.const 0) (i32.const 9)`],
  ['caxton', 'console_error', () => '(i32.const 0) (i32.const 131072)'],
  ['wasi_snapshot_preview1', 'sched_yield', () => ''],
  ['wasi_snapshot_preview1', 'random_get', () => '(i32.const 0) (i32.const 131072)'],
  [
    'wasi_snapshot_preview1',
    'fd_write',
    () => `(i32.const 1) (i32.const ${SCRATCH}) (i32.const 4000) (i32.const 0)`,
  ],
];

let place: Neighbourhood;
let lastAgent = 0;

before(async () => {
  place = await Neighbourhood.start();
});
after(() => place?.close());

async function settle(source: string, resources: object = {}) {
  lastAgent += 1;
  const name = `attacker-${lastAgent}`;
  const agentId = await place.settle(await compileWat(name, source), { name, resources });
  return { name, agentId };
}

async function expectFailures(source: string, expected: Fails, resources = {}): Promise<void> {
  const { name, agentId } = await settle(source, resources);
  const ids: string[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    const answered = await place.ask(name, { attempt: i });
    assertFailure(answered, agentId, expected);
    ids.push(answered.message_id);
  }
  await place.expectDeadLetters(name, ids, expected.code);
  await place.echoAnswers(2);
}

describe('code that does not end fails its message', () => {
  for (const [name, { body, parts = [], expected }] of Object.entries(CODE)) {
    test(name, () => {
      const guest = new GuestBuilder();
      for (const part of parts) guest.add(part);
      return expectFailures(guest.build(body), expected);
    });
  }

  test('in caxton_alloc', () =>
    expectFailures(
      `(module (memory (export "memory") 1)
        (func (export "caxton_alloc") (param i32) (result i32) (loop $again (br $again))
          (i32.const 8))
        (func (export "handle_message") (param i32 i32) (result i32) (i32.const 0)))`,
      outOfFuel,
    ));

  test('within the fuel that the deployment allows', () =>
    expectFailures(new GuestBuilder().build(endless('')), runsOutOfFuel(50_000), {
      cpu: '50000',
    }));
});

describe('a host call made without end fails its message', () => {
  for (const [module, name, operands] of HOST_CALLS) {
    const sample = operands(new GuestBuilder());
    test(`${name} ${sample}`.trimEnd(), () => {
      const guest = new GuestBuilder();
      const invocation = `(call ${guest.use(name, module)} ${operands(guest)})`;
      const body = name === 'console_error' ? invocation : `(drop ${invocation})`;
      return expectFailures(guest.build(endless(body)), outOfFuel);
    });
  }
});

test('memory that is grown and written to ends at the cap of the deployment', async () => {
  const guest = new GuestBuilder();
  const body = `(loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (memory.fill (i32.const 65536) (i32.const 1)
      (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 65536)))
    (memory.size)`;
  const { name } = await settle(guest.build(body), { memory: '16MiB' });
  const { reply } = await place.ask(name, 'grow');
  const { error } = reply.content as { error: { agent_code: number } };
  assert.equal(error.agent_code, 256);
  await place.echoAnswers(2);
});

test('a large memory that is grown a page at a time holds its worker up no longer than a moment', async () => {
  const guest = new GuestBuilder();
  const body = `(loop $again
      (br_if $again (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
    (memory.size)`;
  const { name } = await settle(guest.build(body), { memory: '1GiB', cpu: '10000000000' });
  const sizes: number[] = [];
  for (let i = 0; i < 2; i++) {
    const { reply } = await place.ask(name, 'grow');
    sizes.push((reply.content as { error: { agent_code: number } }).error.agent_code);
  }
  const [first = 0, second = 0] = sizes;
  assert.ok(first > 1_024 && first < 16_384, `${first} pages`);
  assert.ok(second > first, 'the next message can grow it further');
  await place.echoAnswers(2);
});

/** Sends one message, written in JSON, and returns what the host said to that. */
function sendOf(guest: GuestBuilder, message: object): string {
  return `(call ${guest.use('send_message')} ${guest.json(message)})`;
}

test('a timer that never ends leaves its agent and its neighbours able to answer', async () => {
  const guest = new GuestBuilder();
  const sent = sendOf(guest, { performative: 'inform', receiver: 'attacker', content: 'set' });
  const timer = `(drop (call ${guest.use('set_timer')} (i64.const 1000)))`;
  guest.add(`(func (export "handle_timer") (param i32) (result i32) ${timer} ${endless('')})`);
  const { name } = await settle(guest.build(`${timer} ${sent}`));
  assert.equal((await place.ask(name, 1)).reply.content, 'set');
  await eventually('the log tells of the timer', async () => {
    const log = await call<{ lines: readonly { text: string }[] }>(
      `${place.base}/agents/${name}/logs`,
      'GET',
    );
    return log.lines.some(({ text }) => text.includes('units of fuel'));
  });
  assert.equal((await place.ask(name, 2)).reply.content, 'set');
  await place.echoAnswers(2);
});

test('an agent_shutdown that never ends does not keep its agent from stopping', async () => {
  const guest = new GuestBuilder();
  guest.export('agent_shutdown', '(loop $again (br $again))');
  const { agentId } = await settle(guest.build());
  await call(`${place.base}/agents/${agentId}/stop`, 'POST', { grace_period_seconds: 5 });
  await eventually('the agent stopped', async () => (await place.status(agentId)) === 'stopped');
  await place.echoAnswers(2);
});
