import { newMessageId } from '../../src/base/ids.js';
import { openStore } from '../../src/store/embedded-store.js';
import { append, makeMessage, optionsFor } from './support.js';

/**
 * Started by durability.test.ts: writes messages and data, and prints what was acknowledged as
 * durable, until it is killed. Arguments: the data directory, the number of writers.
 */
const [dir, writers] = process.argv.slice(2) as [string, string];
const store = await openStore(optionsFor(dir));

async function write(): Promise<void> {
  for (;;) {
    const message = makeMessage({ messageId: newMessageId(), conversationId: 'conv_1' });
    const taken = append(store, message);
    store.putAgentData('agent_1', Buffer.from(message.messageId), Buffer.from('value'));
    await store.durable();
    // A pipe takes a short line whole; what the parent reads was durable before.
    if (taken) process.stdout.write(`${message.messageId}\n`);
  }
}

await Promise.all(Array.from({ length: Number(writers) }, write));
