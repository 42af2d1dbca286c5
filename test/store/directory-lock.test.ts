import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CaxtonError } from '../../src/base/errors.js';
import { lockDirectory } from '../../src/store/directory-lock.js';
import { openStore } from '../../src/store/embedded-store.js';
import { openTables } from '../../src/store/tables.js';
import { eventually } from '../support/eventually.js';
import { optionsFor, withFolder } from './support.js';

const lockModule = new URL('../../src/store/directory-lock.js', import.meta.url).href;
const holdScript = `
  import { lockDirectory } from ${JSON.stringify(lockModule)};
  await lockDirectory(process.argv[1]);
  process.stdout.write('held');
  setInterval(() => undefined, 1000);
`;

function conflictWith(pid: number) {
  return (error: unknown): boolean =>
    error instanceof CaxtonError &&
    error.code === 'CONFLICT' &&
    error.details.pid === pid &&
    error.message.includes(String(pid));
}

async function holder(dir: string) {
  const child = spawn(process.execPath, ['--input-type=module', '-e', holdScript, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('data directory lock', () => {
  it('makes a folder that its owner alone may open', async () => {
    await withFolder(async (dir) => {
      const made = join(dir, 'above', 'data');
      const unlock = await lockDirectory(made);
      for (const folder of [made, join(dir, 'above')]) {
        assert.equal(statSync(folder).mode & 0o777, 0o700);
      }
      unlock();
    });
  });

  it('refuses a second process and names the first, then recovers from its kill -9', async () => {
    await withFolder(async (dir) => {
      const child = await holder(dir);
      try {
        await assert.rejects(openStore(optionsFor(dir)), conflictWith(child.pid!));
      } finally {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      const store = await openStore(optionsFor(dir));
      await assert.rejects(openStore(optionsFor(dir)), conflictWith(process.pid));
      await store.close();
      assert.deepEqual(
        readdirSync(dir).filter((name) => name.startsWith('lock.')),
        [],
      );
    });
  });

  it('is free again when its holder is dead, though nobody has asked how it ended', async () => {
    // Nowhere else does the system tell.
    if (!existsSync('/proc/self/stat')) return;
    await withFolder(async (dir) => {
      // The shell starts the holder and becomes a program that never waits for it.
      const started = '"$0" --input-type=module -e "$1" "$2" & echo $!; exec sleep 600';
      const parent = spawn('sh', ['-c', started, process.execPath, holdScript, dir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      try {
        let said = '';
        for await (const part of parent.stdout) {
          said += part;
          if (said.endsWith('held')) break;
        }
        const pid = Number.parseInt(said, 10);
        await assert.rejects(lockDirectory(dir), conflictWith(pid));
        process.kill(pid, 'SIGKILL');
        await eventually('the holder is a zombie', () => {
          return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
        });
        // Its other threads may still be ending.
        const release = await eventually('the lock is free', () =>
          lockDirectory(dir).catch(() => undefined),
        );
        process.kill(pid, 0);
        release();
      } finally {
        parent.kill('SIGKILL');
        await once(parent, 'exit');
      }
    });
  });

  it('tells a reused pid from the process that held the lock', async () => {
    await withFolder(async (dir) => {
      const release = await lockDirectory(dir);
      const name = readdirSync(dir).find((file) => !file.endsWith('.held'))!;
      release();
      assert.deepEqual(readdirSync(dir), []);
      const [lock, pid, , token] = name.split('.');
      const earlier = [lock, pid, 'aaaaaaaa-1', token].join('.');
      writeFileSync(join(dir, earlier), '');
      writeFileSync(join(dir, `${earlier}.held`), '');
      (await lockDirectory(dir))();
      assert.deepEqual(readdirSync(dir), []);
    });
  });

  it('gives the directory to exactly one of many that find a stale lock', async () => {
    await withFolder(async (dir) => {
      const stale = spawnSync(process.execPath, [
        '--input-type=module',
        '-e',
        holdScript.replace('setInterval(() => undefined, 1000);', 'process.kill(process.pid, 9);'),
        dir,
      ]);
      assert.equal(stale.signal, 'SIGKILL');
      const script = `
        import { lockDirectory } from ${JSON.stringify(lockModule)};
        try { await lockDirectory(process.argv[1]); process.stdout.write('held'); } 
        catch (error) { process.stdout.write(error.code); }
        setTimeout(() => undefined, 60000);
      `;
      const children = Array.from({ length: 6 }, () =>
        spawn(process.execPath, ['--input-type=module', '-e', script, dir], {
          stdio: ['ignore', 'pipe', 'inherit'],
        }),
      );
      try {
        const said = await Promise.all(
          children.map(async (child) => String((await once(child.stdout, 'data'))[0])),
        );
        assert.deepEqual(said.sort(), [...Array(5).fill('CONFLICT'), 'held']);
      } finally {
        for (const child of children) child.kill('SIGKILL');
        await Promise.all(children.map((child) => once(child, 'exit')));
      }
    });
  });

  it('says what is wrong with a directory that can’t be written', async () => {
    await withFolder(async (dir) => {
      const file = join(dir, 'file');
      writeFileSync(file, '');
      const readOnly = join(dir, 'read-only');
      mkdirSync(readOnly);
      chmodSync(readOnly, 0o500);
      // The superuser may write there in spite of the mode.
      const paths = process.getuid?.() === 0 ? [join(file, 'x')] : [join(file, 'x'), readOnly];
      for (const path of paths) {
        await assert.rejects(
          openStore(optionsFor(path)),
          (error: unknown) =>
            error instanceof CaxtonError &&
            error.code === 'UNAVAILABLE' &&
            error.details.field === 'data_dir' &&
            error.message.includes(path),
        );
      }
    });
  });

  it('refuses a store of an unknown schema version and leaves it unlocked', async () => {
    await withFolder(async (dir) => {
      const tables = openTables(join(dir, 'store.mdb'));
      tables.meta.putSync(Buffer.from('schema'), Buffer.from('999'));
      await tables.root.close();
      for (let i = 0; i < 2; i++) {
        await assert.rejects(
          openStore(optionsFor(dir)),
          (error: unknown) =>
            error instanceof CaxtonError &&
            error.code === 'CONFLICT' &&
            error.details.schema_version === '999',
        );
      }
    });
  });
});
