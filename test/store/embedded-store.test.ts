import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { type EmbeddedStore, openStore } from '../../src/store/embedded-store.js';
import type { AgentRecord } from '../../src/store/store.js';
import { append, makeMessage, optionsFor, withFolder, withStore } from './support.js';

function agentRecord(agentId: string, changes: Partial<AgentRecord> = {}): AgentRecord {
  return {
    agentId,
    name: `name of ${agentId}`,
    version: '1.0.0',
    moduleHash: 'ab'.repeat(32),
    deploymentId: 'deploy_1',
    deployedBy: 'tester',
    createdMs: 1,
    deployedMs: 2,
    desiredState: 'running',
    config: { resources: { memory: '50MB' }, environment: { É: 'ü' } },
    ...changes,
  };
}

async function dataOf(store: EmbeddedStore, agentId: string): Promise<Record<string, string>> {
  const entries = await store.agentData(agentId);
  return Object.fromEntries(
    entries.map(([key, value]) => [
      Buffer.from(key).toString('hex'),
      Buffer.from(value).toString('utf8'),
    ]),
  );
}

const everything = { order: 'asc', limit: 500 } as const;

describe('embedded store', () => {
  it('brings back agents, modules, data, history and dead letters after a restart', async () => {
    await withFolder(async (dir) => {
      const original = randomBytes(10 * 1024 * 1024);
      const hash = createHash('sha256').update(original).digest('hex');
      const metered = randomBytes(300_000);
      const message = makeMessage({ conversationId: 'conv_1', content: '{"ü":"✓"}' });
      const first = await openStore(optionsFor(dir, { ringBytes: 32 * 1024 * 1024 }));
      first.putAgent(agentRecord('agent_1'));
      first.putModule(hash, original);
      first.putMetered(hash, 'v1', metered, { exports: ['memory'] });
      first.putAgentData('agent_1', Buffer.from([0, 255]), Buffer.from('value'));
      assert.equal(append(first, message), true);
      const error = { code: 'INTERNAL_ERROR', message: 'trap', details: { at: 1 } } as const;
      first.putDeadLetter(encodeMessageToBuffer(message), 'agent_1', error, 5);
      await first.close();

      const second = await openStore(optionsFor(dir));
      try {
        assert.equal(second.stats().historyMessages, 1);
        assert.equal(second.stats().deadLetters, 1);
        assert.deepEqual(second.agents(), [agentRecord('agent_1')]);
        const module = second.module(hash, 'v1')!;
        assert.ok(original.equals(module.original));
        assert.ok(metered.equals(module.metered!));
        assert.deepEqual(module.info, { exports: ['memory'] });
        assert.deepEqual(await dataOf(second, 'agent_1'), { '00ff': 'value' });
        assert.deepEqual(await second.history(everything), {
          messages: [message],
          total: 1,
          nextCursor: undefined,
        });
        assert.deepEqual(await second.message(message.messageId), message);
        assert.deepEqual(await second.deadLetter(message.messageId), {
          message,
          agentId: 'agent_1',
          error,
          failedMs: 5,
        });
      } finally {
        await second.close();
      }
    });
  });

  it('forgets an agent and its data, and keeps what others stored', async () => {
    await withStore(async (store) => {
      for (const id of ['agent_1', 'agent_10', 'agent_']) {
        store.putAgent(agentRecord(id));
        store.putAgentData(id, Buffer.from('0'), Buffer.from(`of ${id}`));
        store.putAgentData(id, Buffer.alloc(0), Buffer.alloc(0));
      }
      store.deleteAgent('agent_1');
      assert.deepEqual(await dataOf(store, 'agent_1'), {});
      assert.deepEqual(await dataOf(store, 'agent_10'), { '30': 'of agent_10', '': '' });
      assert.deepEqual(await dataOf(store, 'agent_'), { '30': 'of agent_', '': '' });
      assert.deepEqual(
        store.agents().map((agent) => agent.agentId),
        ['agent_', 'agent_10'],
      );
    });
  });

  it('applies puts and deletes of data in the order of the calls, over a full ring too', async () => {
    await withStore(
      async (store) => {
        const model = new Map<string, string>();
        for (let i = 0; i < 2_000; i++) {
          const key = Buffer.alloc(512, i % 7);
          if (i % 5 === 4) {
            store.deleteAgentData('agent_1', key);
            model.delete(key.toString('hex'));
          } else {
            const value = String(i).padStart(3_000, '.');
            store.putAgentData('agent_1', key, Buffer.from(value));
            model.set(key.toString('hex'), value);
          }
        }
        assert.ok(store.stats().pendingBytes > 64 * 1024, 'the ring was never full');
        assert.deepEqual(await dataOf(store, 'agent_1'), Object.fromEntries(model));
      },
      { ringBytes: 64 * 1024 },
    );
  });

  it('keeps what one rewriter made of a module for several memory limits', async () => {
    await withStore(async (store) => {
      store.putModule('h1', Buffer.from('original'));
      const versions = ['v1:65536', 'v1:131072', 'v2:65536', 'v2:131072'];
      for (const version of versions) {
        store.putMetered('h1', version, Buffer.from(version), {});
        await store.durable();
      }
      const kept = versions.filter((version) => store.module('h1', version)?.metered !== undefined);
      assert.deepEqual(kept, ['v2:65536', 'v2:131072']);
      store.putModule('h0', Buffer.from('another'));
      await store.durable();
      assert.deepEqual(store.moduleHashes(), ['h0', 'h1']);
    });
  });

  it('drops metered bytes of another rewriter version and whole modules', async () => {
    await withStore(async (store) => {
      const original = Buffer.from('original');
      store.putModule('h1', original);
      store.putModule('h2', Buffer.from('another'));
      store.putMetered('h1', 'v1', Buffer.from('metered 1'), { n: 1 });
      // As if another server had done it.
      await store.durable();
      store.putMetered('h1', 'v2', Buffer.from('metered 2'), { n: 2 });
      await store.durable();
      assert.equal(store.module('h1', 'v1')?.metered, undefined);
      assert.deepEqual(Buffer.from(store.module('h1', 'v2')!.metered!), Buffer.from('metered 2'));
      assert.deepEqual(store.module('h1', 'v2')?.info, { n: 2 });
      store.deleteModule('h1');
      await store.durable();
      assert.equal(store.module('h1', 'v2'), undefined);
      assert.deepEqual(Buffer.from(store.module('h2', 'v2')!.original), Buffer.from('another'));
    });
  });

  it('answers false when the ring is full and takes messages again when there is room', async () => {
    await withStore(
      async (store) => {
        const content = JSON.stringify('x'.repeat(8_000));
        let taken = 0;
        while (append(store, makeMessage({ content }))) taken++;
        assert.ok(taken > 0);
        assert.equal(store.hasRoom(9_000), false);
        await store.durable();
        assert.equal(store.hasRoom(9_000), true);
        assert.equal(append(store, makeMessage({ content })), true);
        assert.equal((await store.history(everything)).total, taken + 1);
      },
      { ringBytes: 64 * 1024 },
    );
  });

  it('names the limit when a message can never fit', async () => {
    await withStore(
      async (store) => {
        const content = JSON.stringify('x'.repeat(40_000));
        assert.throws(
          () => append(store, makeMessage({ content })),
          (error: unknown) =>
            error instanceof CaxtonError &&
            error.code === 'RESOURCE_LIMIT_EXCEEDED' &&
            typeof error.details.limit_bytes === 'number',
        );
        assert.equal(store.hasRoom(40_000), false);
      },
      { ringBytes: 64 * 1024 },
    );
  });

  it('keeps no message and finds none when the history is off', async () => {
    await withStore(
      async (store) => {
        const message = makeMessage();
        assert.equal(append(store, message), true);
        assert.equal(store.hasRoom(2 ** 40), true);
        const page = await store.history(everything);
        assert.deepEqual(page, { messages: [], total: 0, nextCursor: undefined });
        assert.equal(await store.message(message.messageId), undefined);
        assert.equal(store.stats().historyMessages, 0);
      },
      { historyEnabled: false },
    );
  });

  it('keeps messages larger than a block beside small ones', async () => {
    await withStore(
      async (store) => {
        const sent = [10, 20_000, 10, 300_000, 15_000, 15_000, 10].map((length) =>
          makeMessage({ content: JSON.stringify('é'.repeat(length / 2)) }),
        );
        for (const message of sent) assert.equal(append(store, message), true);
        assert.deepEqual((await store.history(everything)).messages, sent);
      },
      { ringBytes: 4 * 1024 * 1024 },
    );
  });

  it('leaves out bytes that are no message, and goes on', async () => {
    await withStore(async (store) => {
      const [before, after] = [makeMessage(), makeMessage()];
      append(store, before);
      const bytes = encodeMessageToBuffer(makeMessage());
      for (const length of [0, 3, bytes.length - 1]) store.appendMessage(bytes, 0, length);
      bytes[1] = 200;
      store.appendMessage(bytes, 0, bytes.length);
      append(store, after);
      await store.durable();
      assert.deepEqual((await store.history(everything)).messages, [before, after]);
    });
  });

  it('finds nothing under names and ids longer than any can be', async () => {
    await withStore(async (store) => {
      append(store, makeMessage());
      const long = 'x'.repeat(100_000);
      for (const filter of [{ agent: long }, { sender: long }, { conversationId: long }]) {
        assert.equal((await store.history({ ...everything, ...filter })).total, 0);
      }
      assert.equal(await store.message(long), undefined);
      assert.equal(await store.deadLetter(long), undefined);
      assert.equal((await store.deadLetters({ agent: long, limit: 5 })).total, 0);
      assert.throws(
        () => store.putAgentData('agent_1', Buffer.alloc(513), Buffer.alloc(1)),
        (error: unknown) => error instanceof CaxtonError && error.details.limit === 512,
      );
    });
  });

  it('says that it is too far behind, then goes on with all it took', async () => {
    await withStore(async (store) => {
      const value = Buffer.alloc(400_000);
      let taken = 0;
      const putMany = (): void => {
        for (let i = 1; i <= 5_000; i++) {
          store.putModule(`h${i}`, value);
          taken = i;
        }
      };
      assert.throws(
        putMany,
        (error: unknown) => error instanceof CaxtonError && error.code === 'UNAVAILABLE',
      );
      // Messages don't overtake what waits.
      assert.equal(append(store, makeMessage()), false);
      await store.durable();
      assert.equal(store.module(`h${taken}`, 'v1')?.original.length, value.length);
      assert.equal(append(store, makeMessage()), true);
    });
  });
});
