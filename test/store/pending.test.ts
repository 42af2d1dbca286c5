import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { encodedMessageId, encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { type EmbeddedStore, openStore } from '../../src/store/embedded-store.js';
import { openTables } from '../../src/store/tables.js';
import { withCrashedCopy } from '../support/crashed-copy.js';
import { makeMessage, optionsFor, withFolder, withStore } from './support.js';

/** Hands over a message that is pending under this number; gives its id. */
function append(store: EmbeddedStore, number: number, content = '1'): string {
  const bytes = encodeMessageToBuffer(makeMessage({ content }));
  assert.ok(store.appendMessage(bytes, 0, bytes.length, undefined, number));
  return encodedMessageId(bytes);
}

function keep(store: EmbeddedStore, number: number, starts = 0): string {
  const bytes = encodeMessageToBuffer(makeMessage());
  store.pending.put({ number, starts, bytes }, true);
  return encodedMessageId(bytes);
}

/** Number, starts and message id of each. */
function pendingOf(store: EmbeddedStore): unknown[] {
  return store.pending
    .all()
    .map(({ number, starts, bytes }) => [number, starts, encodedMessageId(bytes)]);
}

describe('pending messages', () => {
  it('are on disk with their message until they were handled, in the order of their numbers', async () => {
    await withFolder(async (dir) => {
      let store = await openStore(optionsFor(dir));
      const ids = [1, 2, 2 ** 32 + 1].map((number) => append(store, number));
      await store.durable();
      store.pending.handled(2);
      await store.close();
      store = await openStore(optionsFor(dir));
      assert.deepEqual(pendingOf(store), [
        [1, 0, ids[0]],
        [2 ** 32 + 1, 0, ids[2]],
      ]);
      for (const id of ids)
        assert.equal((await store.message(id))?.messageId, id, 'the history has it');
      await store.close();
    });
  });

  it('leave no trace when they are handled before their commit', async () => {
    await withStore(async (store, dir) => {
      const tables = openTables(join(dir, 'store.mdb'));
      for (let number = 1; number <= 100; number++) append(store, number);
      const last = append(store, 101);
      for (let number = 1; number <= 100; number++) store.pending.handled(number);
      await store.durable();
      assert.deepEqual(pendingOf(store), [[101, 0, last]]);
      assert.equal(store.stats().historyMessages, 101);
      await tables.root.close();
    });
  });

  it('can be kept by themselves, without a history, and count their starts', async () => {
    const use = async (store: EmbeddedStore): Promise<void> => {
      const id = keep(store, 7);
      const bytes = store.pending.all()[0]?.bytes;
      assert.equal(bytes, undefined, 'nothing is committed yet');
      await store.durable();
      assert.deepEqual(pendingOf(store), [[7, 0, id]]);
      const again = keep(store, 7, 2);
      await store.durable();
      assert.deepEqual(pendingOf(store), [[7, 2, again]]);
      store.pending.handled(7);
      await store.durable();
      assert.deepEqual(pendingOf(store), []);
    };
    await withStore(use, { historyEnabled: false });
  });

  it('outlive their message in the history', async () => {
    const use = async (store: EmbeddedStore): Promise<void> => {
      const first = append(store, 1);
      for (let i = 0; i < 10_000; i++) {
        while (!store.hasRoom(1_000)) await store.durable();
        const bytes = encodeMessageToBuffer(makeMessage());
        assert.ok(store.appendMessage(bytes, 0, bytes.length));
      }
      await store.durable();
      assert.equal(await store.message(first), undefined, 'the history has dropped it');
      assert.deepEqual(pendingOf(store), [[1, 0, first]]);
    };
    await withStore(use, { historyMaxMessages: 1_000 });
  });

  it('are neither lost nor back when the writer thread ends under load', async () => {
    await withStore(async (store) => {
      const left: Array<[number, number, string]> = [];
      let number = 0;
      for (let round = 0; round < 4; round++) {
        for (let i = 0; i < 300; i++) {
          number += 1;
          const id = append(store, number);
          if (number % 7 === 0) left.push([number, 0, id]);
          else store.pending.handled(number);
          if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, round * 7));
        }
        await store.replaceWriter();
      }
      await store.durable();
      assert.deepEqual(pendingOf(store), left);
    });
  });

  it('are together with their message in what a crash leaves, or both are not there', async () => {
    await withStore(async (store, dir) => {
      const ids = Array.from({ length: 200 }, (_, i) => append(store, i + 1));
      // Nobody waits for these: the writer is somewhere among them.
      await withCrashedCopy(dir, async (copy) => {
        const crashed = await openStore(optionsFor(copy));
        const pending = pendingOf(crashed);
        assert.equal(crashed.stats().historyMessages, pending.length);
        assert.deepEqual(
          pending,
          ids.slice(0, pending.length).map((id, i) => [i + 1, 0, id]),
        );
        await crashed.close();
      });
    });
  });

  it('are unknown to a store of an earlier server, which opens as it is', async () => {
    await withFolder(async (dir) => {
      const store = await openStore(optionsFor(dir));
      const id = append(store, 1);
      await store.close();
      const tables = openTables(join(dir, 'store.mdb'));
      await tables.pending.drop();
      await tables.root.close();
      const later = await openStore(optionsFor(dir));
      assert.equal((await later.message(id))?.messageId, id);
      assert.deepEqual(pendingOf(later), []);
      append(later, 1);
      await later.durable();
      assert.equal(pendingOf(later).length, 1);
      await later.close();
    });
  });
});
