import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { refusal, startTestRuntime, type TestRuntime } from '../support/runtime.js';

/** Runs each step with a runtime of its own, all over the same data. */
async function inTurn(...steps: ReadonlyArray<(test: TestRuntime) => Promise<void>>) {
  const dataDir = await mkdtemp(join(tmpdir(), 'caxton-restart-'));
  try {
    for (const step of steps) {
      const test = await startTestRuntime({ data_dir: dataDir });
      try {
        await step(test);
      } finally {
        await test.close();
      }
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

describe('a runtime that starts again over the same store', () => {
  it('brings back agents with names, versions, limits and data', async () => {
    const resources = { memory: '20MB', cpu: '5000000', mailbox: 7, max_message_ms: 900 };
    const environment = { to: 'somebody' };
    let before: unknown;
    await inTurn(
      async (test) => {
        await test.deploy('counter', {
          version: '3.2.1',
          resources,
          environment,
          capabilities: ['count'],
        });
        await test.ask('counter', { action: 'add', amount: 41 });
        const { agentId, config, deploymentId, createdMs } = test.runtime.agents.get('counter');
        before = { agentId, config, deploymentId, createdMs };
      },
      async (test) => {
        const { agentId, config, deploymentId, createdMs, state } =
          test.runtime.agents.get('counter');
        assert.equal(state, 'running');
        assert.deepEqual({ agentId, config, deploymentId, createdMs }, before);
        assert.equal(config.memoryBytes, Math.ceil(20e6 / 65_536) * 65_536);
        assert.equal(config.fuelPerMessage, 5_000_000);
        const content = { action: 'add', amount: 1 };
        assert.deepEqual(await test.askContent('capability:count', content), { count: 42 });
      },
    );
  });

  it('leaves stopped agents stopped and failed ones failed; both can be started', async () => {
    await inTurn(
      async (test) => {
        await test.deploy('echo', { name: 'stopped' });
        await test.deploy('trap-unreachable', { name: 'failed' });
        test.runtime.agents.stop('stopped', 1, true);
        await test.until('stopped', 'stopped');
        for (let i = 0; i < 5; i++) await test.askFailure('failed');
        await test.until('failed', 'failed');
      },
      async (test) => {
        assert.equal(test.runtime.agents.get('stopped').state, 'stopped');
        assert.equal(test.runtime.agents.get('failed').state, 'failed');
        await assert.rejects(test.send('stopped', 1), refusal('UNAVAILABLE'));
        assert.equal((await test.runtime.agents.start('failed')).state, 'running');
        assert.equal((await test.runtime.agents.start('stopped')).state, 'running');
        assert.equal(await test.askContent('stopped', 'x'), 'x');
      },
      async (test) => {
        assert.equal(test.runtime.agents.get('stopped').state, 'running');
      },
    );
  });

  it('forgets agents that were removed, and keeps a module that another still uses', async () => {
    await inTurn(
      async (test) => {
        await test.deploy('echo', { name: 'removed' });
        await test.deploy('echo', { name: 'kept' });
        await test.runtime.agents.remove('removed');
      },
      async (test) => {
        assert.equal(test.runtime.agents.find('removed'), undefined);
        assert.equal(await test.askContent('kept', 1), 1);
      },
    );
  });

  it('keeps a module that is deployed anew while its last agent is removed', async () => {
    await inTurn(
      async (test) => {
        for (let i = 0; i < 5; i++) {
          await test.deploy('counter', { name: `old-${i}` });
          // Another memory limit, so that the module is looked up and compiled once more.
          const resources = { memory: `${10 + i}MB` };
          await Promise.all([
            test.runtime.agents.remove(`old-${i}`),
            test.deploy('counter', { name: 'new', resources }),
          ]);
          if (i < 4) await test.runtime.agents.remove('new');
        }
      },
      async (test) => {
        assert.equal(test.runtime.agents.get('new').state, 'running');
        assert.deepEqual(await test.askContent('new', { action: 'get' }), { count: 0 });
      },
    );
  });

  it('brings back what agents registered when they had started already', async () => {
    const builder = new GuestBuilder();
    const register = `(call ${builder.use('register_capability')} ${builder.text('late')})`;
    const filter = builder.json({ agents: ['echo'], performatives: ['inform'] });
    const subscribe = `(call ${builder.use('subscribe_messages')} ${filter})`;
    // It registers with its first message; copies and further messages are all the same to it.
    const registrar = builder.build(`(i32.or ${register} ${subscribe})`);
    const module = await compileWat('registrar', registrar);
    await inTurn(
      async (test) => {
        await test.deploy(module, { name: 'registrar' });
        await test.deploy('echo');
        await test.send('registrar', 1);
        await test.until('registrar', 'idle');
      },
      async (test) => {
        assert.deepEqual(test.runtime.agents.get('registrar').capabilities, ['late']);
        await test.ask('echo', 1);
        await eventually('the answer was copied to it', () => {
          return test.runtime.agents.get('registrar').messagesProcessed === 1;
        });
        await test.send('capability:late', 1);
      },
    );
  });

  it('drops modules that no agent uses, as a crash in a deploy leaves them', async () => {
    await inTurn(
      async (test) => {
        await test.deploy('echo');
        test.store.putModule('00'.repeat(32), Buffer.from('left behind'));
      },
      async (test) => {
        await test.store.durable();
        assert.equal(test.store.moduleHashes().length, 1);
        assert.equal(await test.askContent('echo', 1), 1);
      },
    );
  });
});

it('a deploy that a stop breaks off is told so, and leaves no module behind', async () => {
  const test = await startTestRuntime();
  const deploys = ['echo', 'counter', 'bidder'].map((name) => test.deploy(name));
  const refused = Promise.all(
    deploys.map((deploy) => assert.rejects(deploy, refusal('UNAVAILABLE'))),
  );
  // The first module is being compiled, the others wait for it.
  await test.runtime.stop();
  await refused;
  await assert.rejects(test.deploy('echo', { name: 'late' }), refusal('UNAVAILABLE'));
  await test.store.durable();
  assert.deepEqual(test.store.moduleHashes(), []);
  await test.close();
});
