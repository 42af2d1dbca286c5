import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { AgentAnswer } from '../api/driver.js';
import { CliProcess, runCli, ServeProcess } from '../cli/cli-process.js';
import { sampleAgent } from '../support/guests.js';
import { call, deployForm } from '../support/rest-client.js';
import { mountedDisk, mountsSkipped } from '../support/small-disk.js';

const MAIN = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));
const SERVE = ['serve', '--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--workers', '1'];
/** Of a user that owns nothing. */
const NOBODY = '65534';

/** A store with two agents of different modules, whose server has stopped. */
async function withStore(use: (folder: string, dataDir: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-start-'));
  try {
    const server = await ServeProcess.start([], folder);
    for (const name of ['counter', 'echo'] as const) {
      await call(`${server.url}/api/v1/agents`, 'POST', deployForm(sampleAgent(name), { name }));
    }
    await server.process.signal('SIGTERM');
    await use(folder, join(folder, 'data'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Starts a server that must not come up. @returns what it says */
async function refusedStart(dataDir: string): Promise<string> {
  const serve = new CliProcess([...SERVE, '--data', dataDir]);
  try {
    await serve.says('error ');
    assert.equal((await serve.exited).code, 1);
    return serve.stderr;
  } finally {
    await serve.signal('SIGKILL');
  }
}

/** The same as a user without rights: root may write everywhere. */
function refusedStartOfNobody(dataDir: string): string {
  const command = [process.execPath, MAIN, ...SERVE, '--data', dataDir];
  const isRoot = process.getuid?.() === 0;
  const drop = ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  const [program, ...args] = isRoot ? [...drop, ...command] : command;
  const options = { encoding: 'utf8', timeout: 60_000 } as const;
  const { status, stderr, stdout } = spawnSync(program as string, args, options);
  assert.equal(status, 1, stdout + stderr);
  return stderr;
}

async function agentsOf(server: ServeProcess): Promise<Map<string, AgentAnswer>> {
  const list = `${server.url}/api/v1/agents`;
  const { agents } = await call<{ agents: AgentAnswer[] }>(list, 'GET');
  return new Map(agents.map((agent) => [agent.name, agent]));
}

describe('the start of a server', () => {
  it('is refused where another server has the data, named by its process, and not once that was killed', async () => {
    await withStore(async (folder, dataDir) => {
      const first = await ServeProcess.start([], folder);
      try {
        const said = await refusedStart(dataDir);
        assert.match(
          said,
          new RegExp(`error CONFLICT: .* in use by process ${first.process.child.pid}\\.`),
        );
        const { stderr, code } = await runCli(['store', 'check', '--data', dataDir]);
        assert.equal(code, 1);
        assert.match(stderr, /error CONFLICT: .* in use by process/);
      } finally {
        await first.process.signal('SIGKILL');
      }
      const second = await ServeProcess.start([], folder);
      assert.equal((await agentsOf(second)).size, 2);
      await second.process.signal('SIGKILL');
    });
  });

  it('is refused where the folder or the file may not be written, and says which', async () => {
    await withStore(async (folder, dataDir) => {
      chmodSync(folder, 0o755);
      chmodSync(dataDir, 0o555);
      assert.match(
        refusedStartOfNobody(dataDir),
        /error UNAVAILABLE: The data directory .* can’t be written: EACCES/,
      );
      chmodSync(dataDir, 0o777);
      for (const file of ['store.mdb', 'store.mdb-lock']) chmodSync(join(dataDir, file), 0o444);
      assert.match(
        refusedStartOfNobody(dataDir),
        /error UNAVAILABLE: The store in .* can’t be opened: Permission denied/,
      );
      const server = await ServeProcess.start([], folder);
      assert.equal((await agentsOf(server)).size, 2);
      await server.process.signal('SIGKILL');
    });
  });

  it('is refused on a file system that is read-only', { skip: mountsSkipped }, async () => {
    const disk = mountedDisk(24);
    try {
      const server = await ServeProcess.start([], disk.folder);
      await server.process.signal('SIGTERM');
      assert.equal(spawnSync('mount', ['-o', 'remount,ro', disk.folder]).status, 0);
      const said = await refusedStart(join(disk.folder, 'data'));
      assert.match(said, /error UNAVAILABLE: The data directory .* can’t be written: EROFS/);
    } finally {
      disk.close();
    }
  });

  it('is refused on a damaged store, which store check tells too, and possible with a backup', async () => {
    await withStore(async (folder, dataDir) => {
      const path = join(dataDir, 'store.mdb');
      const backup = join(folder, 'backup.mdb');
      copyFileSync(path, backup);
      const sound = await runCli(['store', 'check', '--data', dataDir, '--output', 'json']);
      assert.equal(sound.code, 0, sound.stderr);
      const report = JSON.parse(sound.stdout) as { sound: boolean; tables: { agents: number } };
      assert.deepEqual([report.sound, report.tables.agents], [true, 2]);

      const bytes = readFileSync(path);
      // Much of a small store is room ahead, which nothing lies in.
      writeFileSync(path, bytes.fill(0, 5 * 4_096, 50 * 4_096));
      assert.match(
        await refusedStart(dataDir),
        /error UNAVAILABLE: The store in .* is damaged and was not opened, nor changed: .*Restore a backup of store\.mdb/,
      );
      const checked = await runCli(['store', 'check', '--data', dataDir]);
      assert.equal(checked.code, 1, checked.stderr);
      assert.match(checked.stdout, /^sound +no$[\s\S]*^damaged: .+: page \d+ /m);

      copyFileSync(backup, path);
      const server = await ServeProcess.start([], folder);
      assert.equal((await agentsOf(server)).size, 2);
      await server.process.signal('SIGKILL');
    });
  });

  it('doesn’t need the lock file that LMDB makes, and none that is whole', async () => {
    await withStore(async (folder, dataDir) => {
      const lock = join(dataDir, 'store.mdb-lock');
      for (const spoil of [() => rmSync(lock), () => writeFileSync(lock, 'x'.repeat(8_192))]) {
        spoil();
        const server = await ServeProcess.start([], folder);
        assert.equal((await agentsOf(server)).size, 2);
        await server.process.signal('SIGTERM');
      }
    });
  });

  it('fails the agent whose module is damaged, says why, and brings back the others', async () => {
    await withStore(async (folder, dataDir) => {
      const path = join(dataDir, 'store.mdb');
      const bytes = readFileSync(path);
      const module = Buffer.from(sampleAgent('counter'));
      // Of its data, which no other has: a changed text is still a valid module.
      const part = module.subarray(module.length - 400, module.length - 340);
      let found = 0;
      for (let at = bytes.indexOf(part); at >= 0; at = bytes.indexOf(part)) {
        bytes[at] = (bytes[at] as number) ^ 1;
        found += 1;
      }
      assert.ok(found > 0);
      writeFileSync(path, bytes);
      const server = await ServeProcess.start([], folder);
      try {
        const agents = await agentsOf(server);
        assert.equal(agents.get('echo')?.status, 'running');
        const { agent_id: id } = agents.get('counter') as AgentAnswer;
        const counter = await call<{ status: string; failure: { message: string } }>(
          `${server.url}/api/v1/agents/${id}`,
          'GET',
        );
        assert.equal(counter.status, 'failed');
        assert.match(
          counter.failure.message,
          /The store is damaged: the module [0-9a-f]{64} is not what was stored/,
        );
      } finally {
        await server.process.signal('SIGKILL');
      }
    });
  });
});
