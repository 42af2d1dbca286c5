import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PlainError } from '../../src/base/errors.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import type { Message } from '../../src/fipa/message.js';
import { type EmbeddedStore, openStore } from '../../src/store/embedded-store.js';
import { makeMessage, optionsFor, withFolder, withStore } from './support.js';

const error: PlainError = { code: 'RESOURCE_LIMIT_EXCEEDED', message: 'fuel', details: {} };

function bury(store: EmbeddedStore, message: Message, agentId: string): void {
  store.putDeadLetter(encodeMessageToBuffer(message), agentId, error, 1);
}

async function idsOf(store: EmbeddedStore, agent?: string): Promise<string[]> {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.deadLetters({
      limit: 3,
      ...(agent === undefined ? {} : { agent }),
      ...(cursor === undefined ? {} : { cursor }),
    });
    ids.push(...page.deadLetters.map((letter) => letter.message.messageId));
    cursor = page.nextCursor;
    if (cursor === undefined) assert.equal(page.total, ids.length);
  } while (cursor !== undefined);
  return ids;
}

describe('dead letters', () => {
  it('lists them newest first, all or those of one agent', async () => {
    await withStore(async (store) => {
      const messages = Array.from({ length: 20 }, () => makeMessage());
      messages.forEach((message, i) => {
        bury(store, message, i % 2 === 0 ? 'a' : 'a1');
      });
      const ids = messages.map((message) => message.messageId);
      assert.deepEqual(await idsOf(store), ids.toReversed());
      assert.deepEqual(await idsOf(store, 'a'), ids.filter((_, i) => i % 2 === 0).reverse());
      assert.deepEqual(await idsOf(store, 'none'), []);
    });
  });

  it('drops the oldest beyond the limit, over restarts too', async () => {
    await withFolder(async (dir) => {
      const options = optionsFor(dir, { deadLettersMax: 7 });
      const ids: string[] = [];
      for (let round = 0; round < 3; round++) {
        const store = await openStore(options);
        for (let i = 0; i < 5; i++) {
          const message = makeMessage();
          ids.push(message.messageId);
          bury(store, message, 'a');
        }
        assert.deepEqual(await idsOf(store), ids.slice(-7).reverse());
        assert.deepEqual(await idsOf(store, 'a'), ids.slice(-7).reverse());
        assert.equal(store.stats().deadLetters, Math.min(7, ids.length));
        await store.close();
      }
    });
  });

  it('ends a page of large ones before it has as many as asked for', async () => {
    await withStore(
      async (store) => {
        const content = JSON.stringify('x'.repeat(900_000));
        const ids = Array.from({ length: 12 }, () => {
          const message = makeMessage({ content });
          bury(store, message, 'a');
          return message.messageId;
        });
        const page = await store.deadLetters({ limit: 500 });
        assert.deepEqual(
          page.deadLetters.map((letter) => letter.message.messageId),
          ids.toReversed().slice(0, 5),
        );
        assert.deepEqual(await idsOf(store), ids.toReversed());
      },
      { ringBytes: 8 * 1024 * 1024 },
    );
  });

  it('deletes one, and keeps one letter of a message that failed again', async () => {
    await withStore(async (store) => {
      const [first, second] = [makeMessage(), makeMessage()];
      bury(store, first, 'a');
      bury(store, second, 'a');
      bury(store, first, 'b');
      assert.deepEqual(await idsOf(store), [first.messageId, second.messageId]);
      assert.equal((await store.deadLetter(first.messageId))?.agentId, 'b');
      store.deleteDeadLetter(first.messageId);
      store.deleteDeadLetter('msg_of_nobody');
      assert.equal(await store.deadLetter(first.messageId), undefined);
      assert.deepEqual(await idsOf(store), [second.messageId]);
      assert.deepEqual(await idsOf(store, 'b'), []);
      assert.equal(store.stats().deadLetters, 1);
    });
  });

  it('keeps none when their number is set to 0', async () => {
    await withStore(
      async (store) => {
        bury(store, makeMessage(), 'a');
        assert.deepEqual(await idsOf(store), []);
      },
      { deadLettersMax: 0 },
    );
  });
});
