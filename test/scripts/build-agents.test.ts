import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sampleAgent } from '../support/guests.js';

const script = fileURLToPath(new URL('../../scripts/build-agents.js', import.meta.url));
const AGENTS = ['bidder.wasm', 'counter.wasm', 'echo-c.wasm', 'echo.wasm'];

/** A folder as a build leaves it. */
function builtFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-agents-'));
  context.after(() => rmSync(folder, { recursive: true, force: true }));
  for (const file of AGENTS) writeFileSync(join(folder, file), '');
  return folder;
}

function build(folder: string): { status: number | null; built: string[] } {
  const run = spawnSync(process.execPath, [script, '--out', folder], { encoding: 'utf8' });
  const built = [...run.stdout.matchAll(/^built .*?([\w-]+\.wasm)/gm)].map((match) => match[1]!);
  return { status: run.status, built };
}

describe('building the agents', () => {
  it('builds nothing that is newer than its sources', (context) => {
    assert.deepEqual(build(builtFolder(context)), { status: 0, built: [] });
  });

  it('builds what is older than its sources, the same as any other build', (context) => {
    const folder = builtFolder(context);
    utimesSync(join(folder, 'echo.wasm'), 0, 0);
    assert.deepEqual(build(folder), { status: 0, built: ['echo.wasm'] });
    assert.equal(statSync(join(folder, 'echo.wasm')).size, sampleAgent('echo').length);
    assert.deepEqual(readdirSync(folder).sort(), AGENTS);
  });

  it('refuses options that it does not know', () => {
    const run = spawnSync(process.execPath, [script, '--output', 'x'], { encoding: 'utf8' });
    assert.equal(run.status, 1);
    assert.match(run.stderr, /--output/);
  });
});
