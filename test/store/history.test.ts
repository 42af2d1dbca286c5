import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CaxtonError } from '../../src/base/errors.js';
import { newMessageId } from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import type { Message } from '../../src/fipa/message.js';
import type { Performative } from '../../src/fipa/performative.js';
import { type EmbeddedStore, openStore } from '../../src/store/embedded-store.js';
import type { HistoryQuery } from '../../src/store/store.js';
import { openTables, readState } from '../../src/store/tables.js';
import { append, makeMessage, optionsFor, withFolder, withStore } from './support.js';

const NAMES = ['a', 'b', 'ab', 'ü\u0000', 'x'.repeat(256), '🦊'.repeat(256)];
const CONVERSATIONS = ['', 'conv_1', 'conv_10', 'a'];
const ACTS: readonly Performative[] = ['request', 'inform', 'failure'];
const START_MS = 1_700_000_000_000;

const messageChanges = fc.record({
  sender: fc.constantFrom(...NAMES),
  receiver: fc.constantFrom(...NAMES),
  conversationId: fc.constantFrom(...CONVERSATIONS),
  performative: fc.constantFrom(...ACTS),
  // Not in order: clocks step back, and messages overtake each other.
  timestampUs: fc.integer({ min: 0, max: 50_000 }).map((us) => START_MS * 1_000 + us),
  messageId: fc.oneof(fc.constant(undefined), fc.uuid()),
});

const batches = fc.array(
  fc.record({
    messages: fc.array(messageChanges, { minLength: 1, maxLength: 40 }),
    // What happens behind a batch decides how it is cut into transactions and segments.
    after: fc.constantFrom('nothing', 'durable', 'new writer', 'restart'),
  }),
  { minLength: 1, maxLength: 6 },
);

const time = fc.integer({ min: -2, max: 52 }).map((ms) => START_MS + ms);
const query = fc.record(
  {
    conversationId: fc.constantFrom(...CONVERSATIONS.slice(1), 'conv'),
    agent: fc.constantFrom(...NAMES, 'none'),
    sender: fc.constantFrom(...NAMES),
    receiver: fc.constantFrom(...NAMES),
    performative: fc.constantFrom(...ACTS, 'cfp' as const),
    sinceMs: time,
    untilMs: time,
    order: fc.constantFrom('asc' as const, 'desc' as const),
    limit: fc.integer({ min: 1, max: 50 }),
  },
  { requiredKeys: ['order', 'limit'] },
);

function matches(message: Message, q: HistoryQuery): boolean {
  const { sender, receiver } = message;
  return (
    (q.conversationId === undefined || message.conversationId === q.conversationId) &&
    (q.agent === undefined || sender === q.agent || receiver === q.agent) &&
    (q.sender === undefined || sender === q.sender) &&
    (q.receiver === undefined || receiver === q.receiver) &&
    (q.performative === undefined || message.performative === q.performative) &&
    (q.sinceMs === undefined || message.timestampUs >= q.sinceMs * 1_000) &&
    (q.untilMs === undefined || message.timestampUs < q.untilMs * 1_000)
  );
}

async function walkPages(store: EmbeddedStore, q: HistoryQuery): Promise<Message[]> {
  const walked: Message[] = [];
  let cursor: string | undefined;
  let total = -1;
  do {
    const page = await store.history(cursor === undefined ? q : { ...q, cursor });
    if (total === -1) total = page.total;
    assert.equal(page.total, total, 'the total changes from page to page');
    assert.ok(page.messages.length <= q.limit);
    walked.push(...page.messages);
    cursor = page.nextCursor;
    assert.ok(cursor === undefined || page.messages.length === q.limit);
  } while (cursor !== undefined);
  assert.equal(walked.length, total);
  return walked;
}

/** The segment that an entry of the index belongs to. */
const numberOfKeyStart = (key: Uint8Array): number => Buffer.from(key).readUIntBE(0, 6);

describe('message history', () => {
  it('answers every combination of filters as a plain list would, page by page', async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        fc.array(query, { minLength: 1, maxLength: 25 }),
        fc.integer({ min: 20, max: 300 }),
        (written, queries, historyMaxMessages) =>
          withFolder(async (dir) => {
            const options = optionsFor(dir, { historyMaxMessages });
            let store = await openStore(options);
            const model: Message[] = [];
            for (const batch of written) {
              for (const { messageId, ...changes } of batch.messages) {
                const message = makeMessage({
                  ...changes,
                  messageId: messageId ?? newMessageId(),
                });
                model.push(message);
                assert.equal(append(store, message), true);
              }
              if (batch.after === 'durable') await store.durable();
              if (batch.after === 'new writer') await store.replaceWriter();
              if (batch.after === 'restart') {
                await store.close();
                store = await openStore(options);
              }
            }
            const kept = model.slice(-historyMaxMessages);
            for (const q of queries) {
              const expected = kept.filter((message) => matches(message, q));
              if (q.order === 'desc') expected.reverse();
              assert.deepEqual(await walkPages(store, q), expected);
            }
            for (const message of kept.slice(-5)) {
              assert.deepEqual(await store.message(message.messageId), message);
            }
            assert.equal(await store.message(newMessageId()), undefined);
            assert.equal(store.stats().historyMessages, kept.length);
            await store.close();
          }),
      ),
      { numRuns: 25 },
    );
  });

  it('is walked from the newest message on, as far as somebody wants it', async () => {
    await withStore(async (store) => {
      for (let i = 0; i < 100; i++) {
        const timestampUs = (START_MS + i) * 1_000;
        append(store, makeMessage({ conversationId: `c-${i}`, timestampUs, content: '"x"' }));
      }
      const walk = async (sinceMs: number, most: number): Promise<string[]> => {
        const seen: string[] = [];
        await store.walkHistory(sinceMs, ({ conversationId, content }) => {
          assert.equal(content, '');
          seen.push(conversationId);
          return seen.length < most;
        });
        return seen;
      };
      assert.deepEqual(await walk(START_MS + 97, 1_000), ['c-99', 'c-98', 'c-97']);
      assert.deepEqual(await walk(0, 2), ['c-99', 'c-98']);
      assert.equal((await walk(0, 1_000)).length, 100);
    });
    await withStore(
      async (store) => {
        append(store, makeMessage());
        await store.walkHistory(0, () => assert.fail('there is no history'));
      },
      { historyEnabled: false },
    );
  });

  it('finds messages across many segments, and by id', async () => {
    await withStore(
      async (store) => {
        const sent: Message[] = [];
        for (let i = 0; i < 10_000; i++) {
          const message = makeMessage({
            messageId: newMessageId(),
            conversationId: `conv_${i % 3_000}`,
            timestampUs: Date.now() * 1_000 + (i % 7),
          });
          sent.push(message);
          while (!append(store, message)) await store.durable();
        }
        const order = { order: 'desc', limit: 500 } as const;
        assert.equal((await store.history({ ...order, agent: 'agent_1' })).total, 10_000);
        assert.deepEqual(await walkPages(store, order), sent.toReversed());
        const one = await walkPages(store, { ...order, conversationId: 'conv_77' });
        assert.deepEqual(
          one,
          sent.filter((message) => message.conversationId === 'conv_77').reverse(),
        );
        for (const i of [0, 4_095, 4_096, 9_999]) {
          assert.deepEqual(await store.message(sent[i]!.messageId), sent[i]);
        }
      },
      { ringBytes: 8 * 1024 * 1024 },
    );
  });

  it('drops what is beyond the number kept from the disk too, with its index', async () => {
    await withFolder(async (dir) => {
      const options = optionsFor(dir, { historyMaxMessages: 100, historyMaxAgeMs: 1e12 });
      for (let round = 0; round < 4; round++) {
        const store = await openStore(options);
        for (let i = 0; i < 3_000; i++) {
          const message = makeMessage({ sender: `s${i % 5}` });
          while (!append(store, message)) await store.durable();
        }
        await store.durable();
        const page = await store.history({ agent: 's1', order: 'asc', limit: 500 });
        assert.equal(page.total, 20);
        assert.equal(store.stats().historyMessages, 100);
        await store.close();
      }
      const tables = openTables(join(dir, 'store.mdb'));
      // Segments that are whole beyond the limit are gone; the last may be in part.
      const { firstNumber, nextNumber } = readState(tables);
      assert.equal(nextNumber, 12_001);
      assert.ok(firstNumber > 8_000, `messages from ${firstNumber} on are still on disk`);
      const first = [...tables.messages.getKeys({ limit: 1 })][0]!;
      assert.equal(Buffer.from(first).readUIntBE(0, 6), firstNumber);
      const indexed = [...tables.postings.getKeys({})].map(numberOfKeyStart);
      assert.ok(indexed.every((segment) => segment >= firstNumber));
      await tables.root.close();
    });
  });

  it('goes on after a restart with the segment that was open, and indexes it when it is full', async () => {
    await withFolder(async (dir) => {
      const sent: Message[] = [];
      for (let round = 0; round < 6; round++) {
        const store = await openStore(optionsFor(dir));
        for (let i = 0; i < 1_000; i++) {
          const message = makeMessage({ conversationId: `conv_${sent.length % 7}` });
          sent.push(message);
          while (!append(store, message)) await store.durable();
        }
        const query = { conversationId: 'conv_3', order: 'asc', limit: 500 } as const;
        const expected = sent.filter(({ conversationId }) => conversationId === 'conv_3');
        assert.deepEqual(await walkPages(store, query), expected);
        await store.close();
      }
      const tables = openTables(join(dir, 'store.mdb'));
      const segments = [...tables.segments.getRange({})].map(({ value }) => value.readUInt32LE(0));
      assert.deepEqual(segments, [4_096, 6_000 - 4_096]);
      assert.deepEqual(
        new Set([...tables.postings.getKeys({})].map(numberOfKeyStart)),
        new Set([1]),
      );
      await tables.root.close();
    });
  });

  it('keeps up with the number kept while messages come', async () => {
    await withFolder(async (dir) => {
      const store = await openStore(optionsFor(dir, { historyMaxMessages: 6_000 }));
      const sent: Message[] = [];
      for (let i = 0; i < 30_000; i++) {
        const message = makeMessage({ sender: `s${i % 5}`, conversationId: `conv_${i >> 1}` });
        sent.push(message);
        while (!append(store, message)) await store.durable();
      }
      const kept = sent.slice(-6_000);
      const order = { order: 'asc', limit: 500 } as const;
      assert.deepEqual(await walkPages(store, order), kept);
      assert.equal((await store.history({ ...order, sender: 's3' })).total, 1_200);
      assert.equal((await store.history({ ...order, conversationId: 'conv_7' })).total, 0);
      await store.close();
      const tables = openTables(join(dir, 'store.mdb'));
      const segments = [...tables.segments.getKeys({})].length;
      assert.ok(segments <= 4, `${segments} segments are still on disk`);
      await tables.root.close();
    });
  });

  it('drops messages older than the age kept', async () => {
    await withFolder(async (dir) => {
      const options = optionsFor(dir, { historyMaxAgeMs: 60_000 });
      const store = await openStore(options);
      const oldUs = (Date.now() - 120_000) * 1_000;
      for (let i = 0; i < 10; i++) append(store, makeMessage({ timestampUs: oldUs }));
      await store.durable();
      const fresh = makeMessage();
      append(store, fresh);
      const page = await store.history({ order: 'asc', limit: 500 });
      assert.deepEqual(page.messages, [fresh]);
      assert.equal(page.total, 1);
      await store.close();
    });
  });

  it('ends a page of large messages before it has as many as asked for', async () => {
    await withStore(
      async (store) => {
        const content = JSON.stringify('x'.repeat(900_000));
        const ids: string[] = [];
        for (let i = 0; i < 12; i++) {
          const message = makeMessage({ content });
          assert.ok(append(store, message));
          await store.durable();
          ids.push(message.messageId);
        }
        const found: string[] = [];
        let cursor: string | undefined;
        do {
          const page = await store.history({
            order: 'asc',
            limit: 500,
            ...(cursor === undefined ? {} : { cursor }),
          });
          assert.equal(page.total, ids.length);
          const bytes = page.messages.reduce((sum, { content: { length } }) => sum + length, 0);
          assert.ok(bytes <= LIMITS.page_bytes + content.length, `${bytes} bytes on one page`);
          found.push(...page.messages.map(({ messageId }) => messageId));
          cursor = page.nextCursor;
        } while (cursor !== undefined);
        assert.deepEqual(found, ids);
      },
      { ringBytes: 8 * 1024 * 1024 },
    );
  });

  it('refuses a cursor that it did not give out, naming the field', async () => {
    await withStore(async (store) => {
      for (let i = 0; i < 5; i++) append(store, makeMessage());
      const page = await store.history({ order: 'asc', limit: 2 });
      const genuine = page.nextCursor!;
      const hostile = fc.oneof(
        fc.string(),
        fc.base64String(),
        fc.stringMatching(/^[A-Za-z0-9_-]{16}$/),
        fc.constantFrom(`${genuine}A`, genuine.slice(1), `A${genuine.slice(1)}`, `${genuine}=`),
      );
      await fc.assert(
        fc.asyncProperty(hostile, async (cursor) => {
          fc.pre(cursor !== genuine);
          await assert.rejects(
            store.history({ order: 'asc', limit: 2, cursor }),
            (error: unknown) =>
              error instanceof CaxtonError &&
              error.code === 'INVALID_REQUEST' &&
              error.details.field === 'cursor',
          );
        }),
      );
      await assert.rejects(store.history({ order: 'desc', limit: 2, cursor: genuine }));
      await assert.rejects(store.deadLetters({ limit: 2, cursor: genuine }));
    });
  });

  it('goes on behind a cursor though messages came and went in between', async () => {
    await withStore(
      async (store) => {
        const sent = Array.from({ length: 60 }, () => makeMessage());
        for (const message of sent.slice(0, 40)) append(store, message);
        const page = await store.history({ order: 'desc', limit: 10 });
        for (const message of sent.slice(40)) append(store, message);
        const next = await store.history({ order: 'desc', limit: 500, cursor: page.nextCursor! });
        // 60 were sent, 45 are kept: numbers 15 to 29 are behind the cursor and still there.
        assert.deepEqual(next.messages, sent.slice(15, 30).reverse());
      },
      { historyMaxMessages: 45 },
    );
  });
});
