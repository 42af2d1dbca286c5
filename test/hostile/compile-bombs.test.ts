import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { eventually } from '../support/eventually.js';
import { call } from '../support/rest-client.js';
import { COMPILE_BOMBS } from './compile-bombs.js';
import { Neighbourhood } from './neighbourhood.js';

const MIB = 1024 * 1024;
/** What compiling a function may take, as docs/metering.md says. */
const COMPILE_MAX_BYTES = 250 * MIB;
const SERVER_GROWTH_MAX_BYTES = 1_000 * MIB;
/** Every function is optimized when the module is compiled, as if it were hot. */
const OPTIMIZED = ['--no-liftoff', '--no-wasm-lazy-compilation'];
const BASELINE = ['--liftoff-only', '--no-wasm-lazy-compilation'];
const CHILD = fileURLToPath(new URL('./compile-bomb-child.js', import.meta.url));
const HANG_MS = 300_000;
const AT_ONCE = 8;

interface Figures {
  readonly metrics: { readonly messages_processed: number; readonly messages_failed: number };
}

const run = promisify(execFile);

async function grownBy(file: string, flags: readonly string[]): Promise<number> {
  const { stdout } = await run(process.execPath, [...flags, CHILD, file], { timeout: HANG_MS });
  return (JSON.parse(stdout) as { grown: number }).grown;
}

describe('what is as hard to compile as the limits allow takes a bounded amount of memory', () => {
  for (const [what, make] of Object.entries(COMPILE_BOMBS)) {
    test(what, async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'caxton-bomb-'));
      try {
        const file = join(folder, 'bomb.wasm');
        await writeFile(file, make());
        for (const flags of [OPTIMIZED, BASELINE]) {
          const grown = await grownBy(file, flags);
          t.diagnostic(`${flags[0]}: ${Math.round(grown / MIB)} MiB`);
          assert.ok(grown < COMPILE_MAX_BYTES, `${flags[0]}: ${Math.round(grown / MIB)} MiB`);
        }
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  }
});

test('a server to which compile bombs are deployed at once goes on answering', async (t) => {
  const place = await Neighbourhood.start();
  try {
    const rssBytes = process.memoryUsage.rss();
    const bombs = Object.values(COMPILE_BOMBS);
    for (let first = 0; first < bombs.length; first += AT_ONCE) {
      const names = bombs.slice(first, first + AT_ONCE).map((_, index) => `bomb-${first + index}`);
      await Promise.all(
        names.map(async (name, index) => {
          await place.settle(bombs[first + index]!(), { name });
          const message = { performative: 'request', receiver: name, sender: 'attacker' };
          await call(`${place.base}/messages`, 'POST', message);
          // It runs to its end or is stopped by its limits.
          await eventually(`${name} ran`, async () => {
            const { metrics } = await call<Figures>(`${place.base}/agents/${name}`, 'GET');
            return metrics.messages_processed + metrics.messages_failed > 0;
          });
        }),
      );
      for (const name of names) await call(`${place.base}/agents/${name}`, 'DELETE');
    }
    await place.echoAnswers(5);
    const grown = place.rssPeakBytes - rssBytes;
    t.diagnostic(`${Math.round(grown / MIB)} MiB more at most`);
    assert.ok(grown < SERVER_GROWTH_MAX_BYTES, `${Math.round(grown / MIB)} MiB`);
  } finally {
    await place.close();
  }
});
