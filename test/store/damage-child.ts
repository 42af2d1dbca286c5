import { createInterface } from 'node:readline';
import { toPlainError } from '../../src/base/errors.js';
import { openStore } from '../../src/store/embedded-store.js';
import { append, makeMessage, optionsFor } from './support.js';

/**
 * Started by damage.test.ts: for each folder that is named on stdin it opens the store, reads all
 * that can be read, writes, and prints as JSON how that went. What LMDB can't survive ends it.
 */
async function outcome(dir: string): Promise<object> {
  const failed: Record<string, string> = {};
  const attempt = async (what: string, act: () => unknown): Promise<void> => {
    try {
      await act();
    } catch (error) {
      const { code, message } = toPlainError(error);
      failed[what] =
        `${code} ${message} ${code === 'INTERNAL_ERROR' ? String((error as Error).stack) : ''}`;
    }
  };
  let store: Awaited<ReturnType<typeof openStore>>;
  try {
    store = await openStore(optionsFor(dir));
  } catch (error) {
    const { code, message } = toPlainError(error);
    return { refused: code, message };
  }
  await attempt('agents', () => store.agents());
  await attempt('deployments', () => store.deployments());
  await attempt('tasks', () => [store.tasks.all(), store.tasks.records()]);
  await attempt('module', () => store.module('module', 'v1'));
  await attempt('hashes', () => store.moduleHashes());
  await attempt('dead letters', () => store.deadLetters({ limit: 100 }));
  for (let i = 0; i < 50; i++) await attempt('data', () => store.agentData(`agent_${i}`));
  let cursor: string | undefined;
  do {
    await attempt('history', async () => {
      const after = cursor === undefined ? {} : { cursor };
      cursor = undefined;
      cursor = (await store.history({ order: 'asc', limit: 500, ...after })).nextCursor;
    });
  } while (cursor !== undefined);
  await attempt('one sender', () => store.history({ sender: 's3', order: 'desc', limit: 50 }));
  for (let i = 0; i < 300; i++) append(store, makeMessage());
  for (let i = 0; i < 50; i++) store.deleteAgent(`agent_${i}`);
  await attempt('write', () => store.durable());
  await attempt('close', () => store.close());
  return { failed };
}

for await (const dir of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify({ dir, ...(await outcome(dir)) })}\n`);
}
