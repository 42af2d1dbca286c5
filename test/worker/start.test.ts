import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { BOUNCE_NO_AGENT, OUTCOME_OK } from '../../src/wire/frames.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { guest } from '../support/guests.js';
import { WorkerHarness } from '../support/worker-harness.js';

let worker: WorkerHarness;
before(() => {
  worker = new WorkerHarness();
});
after(() => worker.close());

function logsOf(): string[] {
  return worker.replies.splice(0).flatMap((reply) => (reply.kind === 'log' ? [reply.text] : []));
}

async function refusal(source: string | Uint8Array): Promise<CaxtonError> {
  try {
    await worker.install(source, { fuelPerMessage: 1_000 });
  } catch (error) {
    assert.ok(error instanceof CaxtonError);
    return error;
  }
  assert.fail('the agent started');
}

test('start section, _initialize, caxton_encoding and agent_init run once, in this order', async () => {
  const starting = new GuestBuilder();
  const log = starting.use('console_log');
  const say = (text: string): string => `(call ${log} ${starting.text(text)})`;
  starting.add(`(func $start ${say('start')}) (start $start)`);
  starting.export('_initialize', say('initialize'));
  starting.export('caxton_encoding', `${say('encoding')} (i32.const 1)`, '(result i32)');
  starting.export('agent_init', `${say('init')} (i32.const 0)`, '(result i32)');
  const { slot, result } = await worker.installWith(starting.build());
  assert.deepEqual(logsOf(), ['start', 'initialize', 'encoding', 'init']);
  assert.ok(result.fuelUsed > 4 * 300);
  assert.equal(result.memoryBytes, 2 * 65_536);
  await worker.handle(slot, {});
  assert.deepEqual(logsOf(), []);
});

test('what agent_init does is published before the installation is answered', async () => {
  const starting = new GuestBuilder();
  const name = starting.text('translate:1.2');
  const message = starting.json({ performative: 'inform', receiver: 'desk', content: 1 });
  starting.export(
    'agent_init',
    `(drop (call ${starting.use('register_capability')} ${name}))
     (drop (call ${starting.use('set_timer')} (i64.const 5000)))
     (call ${starting.use('send_message')} ${message})`,
    '(result i32)',
  );
  const slot = await worker.install(starting.build());
  const kinds = worker.replies.splice(0).map((reply) => reply.kind);
  assert.deepEqual(kinds, ['capability', 'timer', 'send']);
  await worker.restart(slot);
  // Its capability is known already; timers and messages are new.
  const again = worker.replies.splice(0).map((reply) => reply.kind);
  assert.deepEqual(again, ['timer', 'send']);
});

test('agent_init has ten messages’ fuel and at least a hundred million units', async () => {
  const error = await refusal(await guest('init-loop'));
  assert.equal(error.code, 'RESOURCE_LIMIT_EXCEEDED');
  assert.deepEqual(error.details, { resource: 'fuel', limit: 100_000_000 });
});

test('the start section shares that budget', async () => {
  const error = await refusal(await guest('start-section-loop'));
  assert.deepEqual(error.details, { resource: 'fuel', limit: 100_000_000 });
});

test('agent_init that returns non-zero or traps is a failed deployment', async () => {
  const failed = await refusal(await guest('init-fails'));
  assert.equal(failed.code, 'DEPLOYMENT_FAILED');
  assert.notEqual(failed.details.agent_code, 0);
  assert.equal(failed.details.export, 'agent_init');
  const trapped = await refusal(await guest('init-traps'));
  assert.equal(trapped.code, 'DEPLOYMENT_FAILED');
  assert.ok(String(trapped.details.trap).length > 0);
});

test('an agent that failed to start isn’t there, and its effects are neither', async () => {
  const failing = new GuestBuilder();
  const name = failing.text('cap');
  failing.export(
    'agent_init',
    `(call ${failing.use('console_log')} ${name})
     (drop (call ${failing.use('register_capability')} ${name}))
     (i32.const 3)`,
    '(result i32)',
  );
  worker.replies.length = 0;
  await refusal(failing.build());
  assert.deepEqual(
    worker.replies.splice(0).map((reply) => reply.kind),
    ['log'],
  );
});

test('an encoding that isn’t defined is refused', async () => {
  const strange = new GuestBuilder();
  strange.export('caxton_encoding', '(i32.const 2)', '(result i32)');
  const error = await refusal(strange.build());
  assert.equal(error.code, 'DEPLOYMENT_FAILED');
  assert.equal(error.details.export, 'caxton_encoding');
});

test('a removed agent is shut down once and its frames come back', async () => {
  const leaving = new GuestBuilder();
  const log = leaving.use('console_log');
  leaving.export('agent_shutdown', `(call ${log} ${leaving.text('bye')})`);
  const slot = await worker.install(leaving.build());
  assert.equal((await worker.handle(slot, {})).done.outcome, OUTCOME_OK);
  await worker.remove(slot, true);
  assert.deepEqual(logsOf(), ['bye']);
  const bounce = await worker.bounced(worker.send(slot, { content: 'late' }));
  assert.equal(bounce.reason, BOUNCE_NO_AGENT);
  assert.ok(bounce.frame.includes('late'));
});

test('an agent can be removed without its shutdown, or although that traps', async () => {
  const leaving = new GuestBuilder();
  leaving.export('agent_shutdown', '(unreachable)');
  const quiet = await worker.install(leaving.build());
  await worker.remove(quiet, false);
  const loud = await worker.install(leaving.build());
  await assert.rejects(worker.remove(loud, true), /agent_shutdown trapped: unreachable/);
  const bounce = await worker.bounced(worker.send(loud, {}));
  assert.equal(bounce.reason, BOUNCE_NO_AGENT);
});
