import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { eventually } from '../support/eventually.js';
import { whileDiskFails } from '../support/failing-disk.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { refusal, startTestRuntime, withRuntime } from '../support/runtime.js';
import { whileStalled } from '../support/stalled-store.js';

/** Stores something each time that an instance starts. */
async function storing(): Promise<Uint8Array> {
  const builder = new GuestBuilder();
  const store = `(call ${builder.use('store_data')} ${builder.text('key')} ${builder.text('value')})`;
  builder.export('agent_init', store, '(result i32)');
  return compileWat('storing', builder.build());
}

async function withFolder(use: (dataDir: string) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'caxton-full-'));
  try {
    await use(dataDir);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

describe('on a full disk', () => {
  it('a start brings agents back, and waits with those that need the disk', async () => {
    await withFolder(async (dataDir) => {
      const before = await startTestRuntime({ data_dir: dataDir });
      await before.deploy('counter');
      await before.ask('counter', { action: 'add', amount: 3 });
      // Its second instance starts with what the first stored.
      await before.deploy(await storing(), { name: 'storing', resources: { instances: 2 } });
      await before.close();
      const test = await whileDiskFails(async () => {
        const again = await startTestRuntime({ data_dir: dataDir });
        assert.equal(again.runtime.agents.get('counter').state, 'running');
        assert.deepEqual(await again.askContent('counter', { action: 'get' }), { count: 3 });
        assert.equal(again.runtime.agents.get('storing').state, 'loaded');
        return again;
      });
      try {
        await test.until('storing', 'running');
      } finally {
        await test.close();
      }
    });
  });

  it('an agent that can’t be started stays stopped, and can be started later', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy(await storing(), { name: 'storing', resources: { instances: 2 } });
      test.runtime.agents.stop('storing', 1, true);
      await test.until('storing', 'stopped');
      await whileDiskFails(async () => {
        await assert.rejects(test.runtime.agents.start('storing'), refusal('UNAVAILABLE'));
        assert.equal(test.runtime.agents.get('storing').state, 'stopped');
      });
      await eventually('it starts', () =>
        test.runtime.agents.start('storing').catch(() => undefined),
      );
    });
  });

  it('a deploy leaves nothing behind, and can be tried again', async () => {
    await withRuntime({}, async (test) => {
      await whileDiskFails(async () => {
        await assert.rejects(test.deploy('echo'), refusal('UNAVAILABLE'));
        assert.equal(test.runtime.agents.find('echo'), undefined);
      });
      const deployed = test.events('agent.deployed');
      await eventually('it is deployed', () => test.deploy('echo').catch(() => undefined));
      assert.equal(deployed.length, 1);
      assert.equal(await test.askContent('echo', 1), 1);
    });
  });

  it('a removal is told at once, and a repeated one waits for the disk', async () => {
    await withRuntime({}, async (test) => {
      const { agentId } = await test.deploy('echo');
      const removed = test.events('agent.removed');
      await whileDiskFails(async () => {
        await assert.rejects(test.runtime.agents.remove('echo'), refusal('UNAVAILABLE'));
        await assert.rejects(test.runtime.agents.remove(agentId), refusal('UNAVAILABLE'));
      });
      const removal = await eventually('it is on disk', () =>
        test.runtime.agents.remove('echo').catch(() => undefined),
      );
      assert.equal(removal.agentId, agentId);
      assert.equal(removed.length, 1);
      await assert.rejects(test.runtime.agents.remove('echo'), refusal('AGENT_NOT_FOUND'));
    });
  });

  it('a start of an agent that stands still is done', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('echo');
      test.runtime.agents.stop('echo', 1, true);
      await test.until('echo', 'stopped');
      await whileDiskFails(async () => {
        assert.equal((await test.runtime.agents.start('echo')).state, 'running');
      });
    });
  });

  it('a dead letter that was retried is not delivered again by a repeated retry', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('returns-nonzero', { name: 'failing' });
      await test.askFailure('failing');
      const [letter] = await test.deadLetters();
      const messageId = letter?.message.messageId as string;
      await whileDiskFails(async () => {
        for (let i = 0; i < 2; i++) {
          await assert.rejects(test.runtime.deadLetters.retry(messageId), refusal('UNAVAILABLE'));
        }
      });
      await eventually('it is on disk', () =>
        test.store.durable().then(
          () => true,
          () => false,
        ),
      );
      await test.until('failing', 'idle');
      assert.equal(test.runtime.agents.get('failing').messagesFailed, 2);
      assert.equal((await test.deadLetters()).length, 1);
    });
  });
});

it('an agent is not half stopped while the store is too far behind to take it', async () => {
  await withRuntime({}, async (test) => {
    await test.deploy('echo');
    await whileStalled(test.dataDir, async () => {
      const module = Buffer.alloc(8 * 1024 * 1024);
      const putMany = (): void => {
        for (let i = 0; i < 100; i++) test.store.putModule(`module-${i}`, module);
      };
      assert.throws(putMany, refusal('UNAVAILABLE'));
      const smaller = Buffer.alloc(100);
      const putRest = (): void => {
        for (let i = 0; i < 100_000; i++) test.store.putModule(`rest-${i}`, smaller);
      };
      assert.throws(putRest, refusal('UNAVAILABLE'));
      assert.throws(() => test.runtime.agents.stop('echo', 1, true), refusal('UNAVAILABLE'));
      assert.equal(test.runtime.agents.get('echo').state, 'running');
    });
    await test.store.durable();
    test.runtime.agents.stop('echo', 1, true);
    await test.until('echo', 'stopped');
  });
});
