import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newMessageId } from '../src/base/ids.js';
import { LIMITS } from '../src/base/limits.js';
import { createLogger } from '../src/base/log.js';
import { encodeMessageToBuffer } from '../src/fipa/binary.js';
import { CONTENT_JSON, emptyMessage } from '../src/fipa/message.js';
import { openStore } from '../src/store/embedded-store.js';
import type { Store } from '../src/store/store.js';
import { makeRow, type Report, type RunOptions } from './row.js';

/** Different messages that are sent again and again. */
const MESSAGES = 20_000;
const SENDERS = 64;
const RECEIVERS = 100;
const BURST = 500;

/** What the store costs the main thread, what its writer thread keeps up with, and durability. */
export async function run(report: Report, options: RunOptions): Promise<void> {
  const timeMs = options.smoke ? 50 : 2_000;
  const dir = mkdtempSync(join(tmpdir(), 'caxton-bench-store-'));
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
    report(makeRow('store_append', 'µs/message', await appendCost(store, plain, timeMs)));
    report(makeRow('store_write', 'messages/s', await writeRate(store, plain, timeMs)));
    const conversations = await writeRate(store, makeMessages(true), timeMs);
    report(makeRow('store_write_conversations', 'messages/s', conversations));
    const alone = await durableRate(store, plain, 1, timeMs);
    report(makeRow('store_durable_1_caller', 'messages/s', alone));
    const together = await durableRate(store, plain, 64, timeMs);
    report(makeRow('store_durable_64_callers', 'messages/s', together, alone));
  } finally {
    await store.close();
    rmSync(dir, { recursive: true, force: true });
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
