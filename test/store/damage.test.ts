import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { openStore } from '../../src/store/embedded-store.js';
import { recordDamage } from '../../src/store/record-check.js';
import { checkStructure } from '../../src/store/structure-check.js';
import { append, makeMessage, optionsFor, withFolder } from './support.js';

const childPath = fileURLToPath(new URL('./damage-child.js', import.meta.url));
const PAGE = 4_096;
const RANDOM_CASES = Number(process.env.CAXTON_DAMAGE_CASES ?? 30);

interface Outcome {
  readonly dir: string;
  readonly refused?: string;
  readonly message?: string;
  readonly failed?: Readonly<Record<string, string>>;
}

/** Something of everything, more than one segment of history, and pages that were freed. */
async function fillStore(dir: string): Promise<void> {
  const store = await openStore(optionsFor(dir));
  for (let i = 0; i < 5_000; i++) {
    const content = JSON.stringify('x'.repeat((i * 37) % 1_500));
    const message = makeMessage({ content, sender: `s${i % 7}` });
    while (!append(store, message)) await store.durable();
    if (i % 20 === 0) {
      store.putAgentData(`agent_${i % 50}`, Buffer.from(`k${i}`), Buffer.alloc((i * 13) % 9_000));
    }
    if (i % 200 === 0) {
      const error = { code: 'TIMEOUT', message: 'late', details: {} } as const;
      store.putDeadLetter(encodeMessageToBuffer(message), 'agent_1', error, Date.now());
      store.putDeployment({ deploymentId: `d${i}`, state: { at: i } });
      store.tasks.put(`t${i}`, { at: i });
      store.deleteAgent(`agent_${(i * 3) % 50}`);
      await store.durable();
    }
  }
  store.putAgent({ agentId: 'agent_1', name: 'one' } as Parameters<typeof store.putAgent>[0]);
  store.putModule('module', Buffer.alloc(600_000, 7));
  await store.close();
}

class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * bound);
  }

  bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }
}

/** One damage at random: what disks, copies and people do to files. */
function damageAtRandom(sound: Buffer, dice: Dice): { what: string; bytes: Buffer } {
  const bytes = Buffer.from(sound);
  const page = dice.below(bytes.length / PAGE) * PAGE;
  const kind = dice.below(5);
  if (kind === 0) {
    bytes.fill(0, page, page + PAGE);
    return { what: `page ${page / PAGE} zero`, bytes };
  }
  if (kind === 1) {
    dice.bytes(PAGE).copy(bytes, page);
    return { what: `page ${page / PAGE} random`, bytes };
  }
  if (kind === 2) {
    return {
      what: `cut off at page ${page / PAGE}`,
      bytes: bytes.subarray(0, page + dice.below(PAGE)),
    };
  }
  if (kind === 3) {
    const other = dice.below(bytes.length / PAGE) * PAGE;
    sound.copy(bytes, page, other, other + PAGE);
    return { what: `page ${page / PAGE} is page ${other / PAGE}`, bytes };
  }
  const at = page + dice.below(PAGE - 16);
  dice.bytes(1 + dice.below(16)).copy(bytes, at);
  return { what: `a few bytes at ${at}`, bytes };
}

describe('a damaged store', () => {
  let sound: Buffer;
  before(async () => {
    await withFolder(async (dir) => {
      await fillStore(dir);
      sound = readFileSync(join(dir, 'store.mdb'));
    });
  });

  /** Opens each of these files as a store, in one process, which must live through all of them. */
  async function outcomes(
    files: ReadonlyArray<{ what: string; bytes: Buffer }>,
  ): Promise<Outcome[]> {
    return withFolder(async (folder) => {
      const child = spawn(process.execPath, [childPath], { stdio: ['pipe', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const results: Outcome[] = [];
      try {
        for (const [index, { what, bytes }] of files.entries()) {
          const dir = join(folder, String(index));
          mkdirSync(dir);
          writeFileSync(join(dir, 'store.mdb'), bytes);
          child.stdin.write(`${dir}\n`);
          const line = await lines.next();
          if (line.done) assert.fail(`${what}: the process ended: ${await exited}`);
          results.push(JSON.parse(line.value) as Outcome);
          rmSync(dir, { recursive: true });
        }
      } finally {
        child.kill('SIGKILL');
        await exited;
      }
      return results;
    });
  }

  function changed(change: (bytes: Buffer) => void): Buffer {
    const bytes = Buffer.from(sound);
    change(bytes);
    return bytes;
  }

  it('is refused at start, whatever is damaged, and says what and what to do', async () => {
    const middle = Math.floor(sound.length / PAGE / 2) * PAGE;
    // The newest of the two first pages names the root of all tables.
    const newest = sound.readBigUInt64LE(152) > sound.readBigUInt64LE(PAGE + 152) ? 0 : PAGE;
    const root = Number(sound.readBigUInt64LE(newest + 136)) * PAGE;
    const files = [
      { what: 'first meta page zero', bytes: changed((b) => b.fill(0, 0, PAGE)) },
      { what: 'second meta page zero', bytes: changed((b) => b.fill(0, PAGE, 2 * PAGE)) },
      { what: 'both meta pages zero', bytes: changed((b) => b.fill(0, 0, 2 * PAGE)) },
      { what: 'all zero', bytes: Buffer.alloc(sound.length) },
      { what: 'root zero', bytes: changed((b) => b.fill(0, root, root + PAGE)) },
      { what: 'root all ones', bytes: changed((b) => b.fill(255, root, root + PAGE)) },
      { what: 'everything behind the meta pages zero', bytes: changed((b) => b.fill(0, 2 * PAGE)) },
      { what: 'the second half zero', bytes: changed((b) => b.fill(0, middle)) },
      { what: 'cut to half', bytes: sound.subarray(0, middle) },
      { what: 'cut to half and a bit', bytes: sound.subarray(0, middle + 100) },
      { what: 'cut to three pages', bytes: sound.subarray(0, 3 * PAGE) },
      { what: 'cut to a hundred bytes', bytes: sound.subarray(0, 100) },
      { what: 'a text', bytes: Buffer.from('name: value\n'.repeat(10_000)) },
      { what: 'random bytes', bytes: new Dice(1).bytes(20 * PAGE) },
      { what: 'another version of LMDB', bytes: changed((b) => b.writeUInt32LE(1, 28)) },
    ];
    for (const [index, { refused, message = '' }] of (await outcomes(files)).entries()) {
      const { what } = files[index]!;
      assert.equal(refused, 'UNAVAILABLE', what);
      assert.match(
        message,
        /is damaged and was not opened, nor changed: .+: .*Restore a backup/,
        what,
      );
    }
  });

  it('never ends the process: what can’t be read is an error, and the rest can be', async (t) => {
    const seed = Number(process.env.CAXTON_DAMAGE_SEED ?? Date.now() % 2 ** 32);
    t.diagnostic(`CAXTON_DAMAGE_SEED=${seed}`);
    const dice = new Dice(seed);
    const files = Array.from({ length: RANDOM_CASES }, () => damageAtRandom(sound, dice));
    let refused = 0;
    for (const [index, outcome] of (await outcomes(files)).entries()) {
      if (outcome.refused !== undefined) refused += 1;
      for (const [what, error] of Object.entries(outcome.failed ?? {})) {
        assert.match(error, /^(INTERNAL_ERROR|UNAVAILABLE) /, `${files[index]?.what}: ${what}`);
      }
    }
    assert.ok(refused > 0, 'some damages are found before LMDB opens the file');
  });

  it('an empty file is a new store, and a sound one is found sound', async () => {
    const [empty, whole] = await outcomes([
      { what: 'empty', bytes: Buffer.alloc(0) },
      { what: 'sound', bytes: sound },
    ]);
    assert.deepEqual([empty?.failed, whole?.failed], [{}, {}]);
  });

  it('a block of messages that is zero is an error to whoever reads it, and holds up nobody', async () => {
    // Values that have pages of their own: flag 4, then how many pages.
    const bytes = changed((b) => {
      for (let page = 2 * PAGE; page < b.length; page += PAGE) {
        const isFirst = b.readBigUInt64LE(page) === BigInt(page / PAGE) && b[page + 18] === 4;
        if (isFirst) b.fill(0, page + 24, page + 124);
      }
    });
    const [outcome] = await outcomes([{ what: 'zero blocks', bytes }]);
    assert.match(outcome?.failed?.history ?? '', /^INTERNAL_ERROR The store is damaged: a block/);
    assert.equal(outcome?.failed?.agents, undefined);
  });

  it('tells each record that is damaged in a page that is not', async () => {
    await withFolder(async (dir) => {
      const path = join(dir, 'store.mdb');
      // Where pages were copied, the old ones are still there.
      const bytes = changed((b) => {
        const record = '{"agentId":"agent_1","name"';
        for (let at = b.indexOf(record); at >= 0; at = b.indexOf(record, at)) b.write('[', at);
      });
      writeFileSync(path, bytes);
      const { damages, complete } = checkStructure(path, { record: recordDamage });
      assert.ok(complete);
      assert.deepEqual(
        damages.map(({ part }) => part),
        ['agents'],
      );
      assert.match(damages[0]?.what ?? '', /the record "agent_1" of agents can’t be read/);
      await assert.rejects(async () => {
        const store = await openStore(optionsFor(dir));
        try {
          store.agents();
        } finally {
          await store.close();
        }
      }, /The store is damaged: the record "agent_1" of agents/);
    });
  });
});
