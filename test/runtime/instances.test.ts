import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { AgentThreads } from '../support/agent-threads.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';

/** Answers with how many messages this instance has handled: a letter for each, "" first. */
async function counting(): Promise<Uint8Array> {
  const guest = new GuestBuilder();
  const send = guest.use('send_message');
  guest.add('(global $handled (mut i32) (i32.const 0))');
  const answers = Array.from({ length: 4 }, (_, i) =>
    guest.json({ performative: 'inform', receiver: 'tester', content: i + 1 }),
  );
  const cases = answers.map(
    (answer, i) =>
      `(if (i32.eq (global.get $handled) (i32.const ${i + 1})) (then (return (call ${send} ${answer}))))`,
  );
  return compileWat(
    'counting',
    guest.build(`
      (global.set $handled (i32.add (global.get $handled) (i32.const 1)))
      ${cases.join('\n')}
      (i32.const 0)`),
  );
}

describe('an agent with several instances', () => {
  let test: TestRuntime;
  let threads: AgentThreads;
  before(async () => {
    threads = new AgentThreads();
    test = await startTestRuntime({ workers: 2 });
  });
  after(async () => {
    await test.close();
    threads.close();
  });

  it('has them spread over the workers', async () => {
    const agent = await test.deploy('echo', { name: 'spread', resources: { instances: 4 } });
    const places = agent.instances.map((instance) => instance.worker).sort();
    assert.deepEqual(places, [0, 0, 1, 1]);
    assert.equal(agent.state, 'running');
    for (let i = 0; i < 20; i++) assert.equal(await test.askContent('spread', i), i);
  });

  it('handles each conversation on one of them, and different ones side by side', async () => {
    await test.deploy(await counting(), { name: 'counting', resources: { instances: 4 } });
    const counts = new Map<string, number[]>();
    for (let round = 0; round < 3; round++) {
      const asked = await test.askContent('counting', 'x', { conversation_id: 'one' });
      counts.set('one', [...(counts.get('one') ?? []), asked as number]);
    }
    assert.deepEqual(counts.get('one'), [1, 2, 3]);
    const first = new Set<unknown>();
    for (let i = 0; i < 12; i++) {
      const { reply } = await test.ask('counting', 'x', { conversation_id: `other-${i}` });
      first.add(reply.content);
      if (first.size > 1) break;
    }
    assert.ok(first.has('1'), 'another instance begins to count');
  });

  it('shares its data among them', async () => {
    await test.deploy('counter', { name: 'shared', resources: { instances: 2 } });
    const amounts = [1, 2, 3, 4, 5, 6, 7, 8];
    let total = 0;
    for (const amount of amounts) {
      // Each in a conversation of its own, once all have heard of the last change.
      const before = total;
      await eventually('both know', async () => {
        const seen = await Promise.all(
          amounts.map((i) =>
            test.askContent('shared', { action: 'get' }, { conversation_id: `g${i}` }),
          ),
        );
        return seen.every((value) => (value as { count: number }).count === before);
      });
      total += amount;
      assert.deepEqual(
        await test.askContent(
          'shared',
          { action: 'add', amount },
          { conversation_id: `c${amount}` },
        ),
        { count: total },
      );
    }
  });

  it('gets back those of a worker that died, with the data', async () => {
    await test.deploy('counter', { name: 'dying', resources: { instances: 2 } });
    await test.ask('dying', { action: 'add', amount: 5 });
    await threads.all[0]?.terminate();
    await eventually('both are back', () =>
      test.runtime.agents.get('dying').instances.every((instance) => instance.ready),
    );
    for (let i = 0; i < 6; i++) {
      assert.deepEqual(await test.askContent('dying', { action: 'get' }), { count: 5 });
    }
  });

  it('stops, starts and is removed as a whole', async () => {
    await test.deploy('echo', { name: 'whole', resources: { instances: 3 } });
    test.runtime.agents.stop('whole', 5, true);
    const stopped = await test.until('whole', 'stopped');
    assert.ok(stopped.instances.every((instance) => instance.worker === undefined));
    const started = await test.runtime.agents.start('whole');
    assert.ok(started.instances.every((instance) => instance.ready));
    assert.equal(await test.askContent('whole', 1), 1);
    await test.runtime.agents.remove('whole');
    assert.equal(test.runtime.agents.find('whole'), undefined);
  });
});
