import { setTimeout as sleep } from 'node:timers/promises';
import { toPlainError } from '../../src/base/errors.js';
import { openStore } from '../../src/store/embedded-store.js';
import { append, makeMessage, optionsFor } from './support.js';

/**
 * Started by durability.test.ts under a limit on the size of files: writes until the store says
 * that it can't, prints what it said, then waits until it can again, and prints what is there.
 */
const store = await openStore(optionsFor(process.argv[2]!));
const content = JSON.stringify('x'.repeat(10_000));
const query = { order: 'asc', limit: 1 } as const;
let sent = 0;

async function writeUntilRefused(): Promise<unknown> {
  for (;;) {
    if (append(store, makeMessage({ content }))) sent++;
    try {
      await store.durable();
    } catch (error) {
      return error;
    }
  }
}

const { code, details } = toPlainError(await writeUntilRefused());
const readable = (await store.history(query)).total;
console.log(JSON.stringify({ code, reason: details.reason, readable }));

let durable = false;
while (!durable) {
  await sleep(20);
  durable = await store.durable().then(
    () => true,
    () => false,
  );
}
const { total } = await store.history(query);
console.log(JSON.stringify({ total, sent }));
await store.close();
