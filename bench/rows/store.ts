import { newMessageId } from '../../src/base/ids.js';
import { LIMITS } from '../../src/base/limits.js';
import { createLogger } from '../../src/base/log.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { CONTENT_JSON, emptyMessage } from '../../src/fipa/message.js';
import { openStore } from '../../src/store/embedded-store.js';
import type { Store } from '../../src/store/store.js';
import type { Context } from '../harness/context.js';
import { makeFolder, removeFolder } from '../harness/leftovers.js';
import { takeTurns } from '../harness/turns.js';

/** Different messages that are sent again and again. */
const MESSAGES = 20_000;
const SENDERS = 64;
const RECEIVERS = 100;
const BURST = 500;

/** What the store costs the main thread, what its writer thread keeps up with, and durability. */
export async function run(context: Context): Promise<void> {
  const timeMs = context.smoke ? 50 : 500;
  const dir = makeFolder();
  const store = await openStore({
    dir,
    historyEnabled: true,
    historyMaxMessages: LIMITS.history_messages,
    historyMaxAgeMs: LIMITS.history_age_ms,
    deadLettersMax: LIMITS.dead_letters,
    logger: createLogger({ level: 'error' }),
  });
  try {
    const plain = makeMessages(false);
    const conversing = makeMessages(true);
    const figures = await takeTurns(context.rounds, {
      store_append: () => appendCost(store, plain, timeMs),
      store_write: () => writeRate(store, plain, timeMs),
      store_write_conversations: () => writeRate(store, conversing, timeMs),
      one_caller: () => durableRate(store, plain, 1, timeMs),
      many_callers: () => durableRate(store, plain, 64, timeMs),
    });
    const unit = 'messages/s';
    context.report({
      name: 'store_append',
      unit: 'µs/message',
      better: 'lower',
      values: figures.store_append,
    });
    context.report({ name: 'store_write', unit, values: figures.store_write });
    context.report({
      name: 'store_write_conversations',
      unit,
      values: figures.store_write_conversations,
      baselines: figures.store_write,
      baselineIs: 'messages without conversations of their own',
    });
    context.report({ name: 'store_durable_1_caller', unit, values: figures.one_caller });
    context.report({
      name: 'store_durable_64_callers',
      unit,
      values: figures.many_callers,
      baselines: figures.one_caller,
      baselineIs: 'one caller',
    });
  } finally {
    await store.close();
    removeFolder(dir);
  }
}

/** With a conversation of its own for every two messages, or without. */
function makeMessages(conversations: boolean): Buffer[] {
  return Array.from({ length: MESSAGES }, (_, i) =>
    encodeMessageToBuffer({
      ...emptyMessage('request'),
      messageId: newMessageId(),
      sender: `client_${i % SENDERS}`,
      receiver: `agent_${i % RECEIVERS}`,
      conversationId: conversations ? `conv_${((i >> 1) * 0x9e3779b1) >>> 0}` : '',
      timestampUs: Date.now() * 1_000,
      contentEncoding: CONTENT_JSON,
      content: JSON.stringify({ text: 'x'.repeat(60), number: i }),
    }),
  );
}

/** Time of the calling thread alone, in bursts that the ring takes whole. */
async function appendCost(store: Store, messages: Buffer[], timeMs: number): Promise<number> {
  const end = performance.now() + timeMs;
  let spentMs = 0;
  let taken = 0;
  for (let at = 0; performance.now() < end; at = (at + BURST) % MESSAGES) {
    const start = performance.now();
    for (let i = 0; i < BURST; i++) {
      const message = messages[at + i]!;
      if (store.appendMessage(message, 0, message.length)) taken++;
    }
    spentMs += performance.now() - start;
    await store.durable();
  }
  return (spentMs * 1_000) / taken;
}

/** As much as the writer takes: a full ring makes the sender wait for the event loop's next turn. */
async function writeRate(store: Store, messages: Buffer[], timeMs: number): Promise<number> {
  const start = performance.now();
  let taken = 0;
  while (performance.now() < start + timeMs) {
    for (let i = 0; i < BURST; i++) {
      const message = messages[taken % MESSAGES]!;
      if (!store.appendMessage(message, 0, message.length)) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        break;
      }
      taken++;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
  await store.durable();
  return (taken / (performance.now() - start)) * 1_000;
}

async function durableRate(
  store: Store,
  messages: Buffer[],
  callers: number,
  timeMs: number,
): Promise<number> {
  const start = performance.now();
  let done = 0;
  const call = async (): Promise<void> => {
    while (performance.now() < start + timeMs) {
      const message = messages[done % MESSAGES]!;
      store.appendMessage(message, 0, message.length);
      await store.durable();
      done++;
    }
  };
  await Promise.all(Array.from({ length: callers }, call));
  return (done / (performance.now() - start)) * 1_000;
}
