import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LIMITS } from '../../src/base/limits.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import type { Message } from '../../src/fipa/message.js';
import { type EmbeddedStore, openStore } from '../../src/store/embedded-store.js';
import { openTables } from '../../src/store/tables.js';
import { whileStalled } from '../support/stalled-store.js';
import { append, makeMessage, optionsFor, withFolder, withStore } from './support.js';

const childPath = fileURLToPath(new URL('./crash-child.js', import.meta.url));
const fullDiskPath = fileURLToPath(new URL('./full-disk-child.js', import.meta.url));

/** Lets the child write until it has printed so many ids, then kills it; gives all ids printed. */
async function writeAndKill(dir: string, writers: number, ids: number): Promise<string[]> {
  const child = spawn(process.execPath, [childPath, dir, String(writers)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (chunk: string) => {
    text += chunk;
    if (text.split('\n').length > ids) child.kill('SIGKILL');
  });
  await Promise.all([once(child, 'exit'), once(child.stdout, 'close')]);
  // The last line may be cut off.
  return text.split('\n').slice(0, -1);
}

function nextRandom(seed: number): number {
  return (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
}

describe('durability', () => {
  it('loses nothing that was acknowledged when the process is killed', async () => {
    let seed = Date.now() >>> 0;
    console.log(`seed ${seed}`);
    await withFolder(async (dir) => {
      const acknowledged: string[] = [];
      for (let round = 0; round < 5; round++) {
        seed = nextRandom(seed);
        acknowledged.push(...(await writeAndKill(dir, 1 + (seed % 32), 1 + ((seed >>> 8) % 400))));
        const store = await openStore(optionsFor(dir));
        for (const id of acknowledged) {
          assert.equal((await store.message(id))?.messageId, id, `${id} is missing`);
        }
        const data = await store.agentData('agent_1');
        const keys = new Set(data.map(([key]) => Buffer.from(key).toString('utf8')));
        assert.ok(acknowledged.every((id) => keys.has(id)));
        const page = await store.history({ conversationId: 'conv_1', order: 'asc', limit: 500 });
        assert.equal(page.total, store.stats().historyMessages);
        await store.close();
      }
    });
  });

  it('commits seldom while messages keep coming that nobody waits for', async () => {
    const use = async (store: EmbeddedStore, dir: string): Promise<void> => {
      const tables = openTables(join(dir, 'store.mdb'));
      const commits = (): number => (tables.root.getStats() as { lastTxnId: number }).lastTxnId;
      await store.durable();
      const before = commits();
      const beganMs = performance.now();
      const message = makeMessage();
      let sent = 0;
      for (; performance.now() < beganMs + 400; sent++) {
        assert.ok(append(store, message));
        await new Promise((resolve) => setImmediate(resolve));
      }
      await store.durable();
      const passedMs = performance.now() - beganMs;
      // One in 100 ms, or for a MiB; the one that was waited for; and what was gathering before.
      const bytes = sent * encodeMessageToBuffer(message).length * 1.2;
      const allowed = passedMs / 100 + bytes / 2 ** 20 + 2;
      const count = commits() - before;
      assert.ok(count <= allowed, `${count} commits in ${passedMs} ms of ${sent} messages`);
      await tables.root.close();
    };
    await withStore(use, { ringBytes: 64 * 1024 * 1024 });
  });

  it('keeps what it promises to all that ask in one turn, also when it is closed then', async () => {
    await withFolder(async (dir) => {
      const store = await openStore(optionsFor(dir));
      const messages = Array.from({ length: 5 }, () => makeMessage());
      const asked = messages.map((message) => {
        assert.ok(append(store, message));
        return store.durable();
      });
      await Promise.all(asked);
      const last = makeMessage();
      assert.ok(append(store, last));
      await Promise.all([store.durable(), store.close()]);
      const again = await openStore(optionsFor(dir));
      for (const { messageId } of [...messages, last]) {
        assert.equal((await again.message(messageId))?.messageId, messageId);
      }
      await again.close();
    });
  });

  it('loses and repeats nothing when the writer thread ends under load', async () => {
    await withStore(async (store) => {
      const sent: Message[] = [];
      let writing = true;
      const writer = (async () => {
        while (writing) {
          for (let i = 0; i < 50; i++) {
            const message = makeMessage({ content: JSON.stringify(sent.length) });
            if (append(store, message)) sent.push(message);
            store.putAgentData('agent_1', Buffer.from([i]), Buffer.from(String(sent.length)));
          }
          await new Promise((resolve) => setImmediate(resolve));
        }
      })();
      for (let round = 0; round < 8; round++) {
        await new Promise((resolve) => setTimeout(resolve, 5 + round * 7));
        await store.replaceWriter();
      }
      writing = false;
      await writer;
      await store.durable();
      const found: Message[] = [];
      let cursor: string | undefined;
      do {
        const page = await store.history({
          order: 'asc',
          limit: 500,
          ...(cursor === undefined ? {} : { cursor }),
        });
        found.push(...page.messages);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      assert.deepEqual(
        found.map((message) => message.content),
        sent.map((message) => message.content),
      );
    });
  });

  it('lets the process exit at any moment, without close and in the middle of writing', async () => {
    const storeModule = new URL('../../src/store/embedded-store.js', import.meta.url).href;
    const supportModule = new URL('./support.js', import.meta.url).href;
    const script = `
      const { openStore } = await import(${JSON.stringify(storeModule)});
      const { append, makeMessage, optionsFor } = await import(${JSON.stringify(supportModule)});
      const store = await openStore(optionsFor(process.argv[1]));
      const end = Date.now() + Number(process.argv[2]);
      while (Date.now() < end) {
        for (let i = 0; i < 100; i++) append(store, makeMessage());
        await new Promise((resolve) => setImmediate(resolve));
      }
      process.exit(7);
    `;
    await withFolder(async (dir) => {
      for (const runMs of [30, 75, 110]) {
        const child = spawn(process.execPath, [
          '--input-type=module',
          '-e',
          script,
          dir,
          String(runMs),
        ]);
        const [code] = await once(child, 'exit');
        assert.equal(code, 7);
      }
    });
  });

  it('says why while it can’t write, stays readable, and writes all once it can again', async () => {
    await withFolder(async (dir) => {
      // A limit on the size of files stands for a full disk: the kernel refuses the write.
      const limit = `trap '' XFSZ; ulimit -S -f 12000; exec "$0" "$@"`;
      const child = spawn('sh', ['-c', limit, process.execPath, fullDiskPath, dir], {
        stdio: ['pipe', 'pipe', 'inherit'],
      });
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      try {
        const refused = JSON.parse((await lines.next()).value);
        assert.equal(refused.code, 'UNAVAILABLE');
        assert.match(refused.reason, /size that the system allows it \(EFBIG/);
        assert.ok(refused.readable > 0);
        const lift = ['--pid', String(child.pid), '--fsize=unlimited'];
        assert.equal(spawnSync('prlimit', lift, { stdio: 'inherit' }).status, 0);
        const mended = JSON.parse((await lines.next()).value);
        assert.equal(mended.total, mended.sent);
        assert.equal((await once(child, 'exit'))[0], 0);
      } finally {
        child.kill('SIGKILL');
      }
    });
  });

  it('takes agents’ data in any case, and says when it doesn’t keep up, without history too', async () => {
    await withStore(
      async (store, dir) => {
        assert.ok(store.keepsUp(1_000));
        const value = Buffer.alloc(400_000);
        const count = Math.ceil((LIMITS.store_overflow_bytes * 1.2) / value.length);
        await whileStalled(dir, async () => {
          for (let i = 0; i < count; i++) {
            store.putAgentData('agent_1', Buffer.from('key'), Buffer.from(String(i)));
            store.putAgentData('agent_1', Buffer.from('large'), value);
          }
          assert.ok(store.hasRoom(1_000), 'there is no history that could be behind');
          assert.ok(!store.keepsUp(1_000));
        });
        const data = await store.agentData('agent_1');
        assert.equal(Buffer.from(data[0]?.[1] ?? []).toString(), String(count - 1));
        assert.ok(store.keepsUp(1_000));
      },
      { historyEnabled: false },
    );
  });
});
