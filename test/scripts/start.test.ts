import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../scripts/package-root.js';
import { eventually } from '../support/eventually.js';

test('SIGTERM to npm start ends the server, and npm when that is done', async () => {
  const data = mkdtempSync(join(tmpdir(), 'caxton-start-'));
  // Without prestart: a build would replace the files that other tests are running.
  const options = ['--silent', '--ignore-scripts', '--'];
  const flags = ['--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0', '--workers', '1'];
  const npm = spawn('npm', ['start', ...options, ...flags, '--data', join(data, 'data')], {
    cwd: packageRoot(import.meta.url),
    stdio: ['ignore', 'pipe', 'ignore'],
    // A group of its own, so that nothing is left of it when the test fails.
    detached: true,
  });
  try {
    let printed = '';
    npm.stdout.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
    });
    const url = await eventually('the server is ready', () => /REST (\S+)/.exec(printed)?.[1]);
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    npm.kill('SIGTERM');
    await once(npm, 'exit');
    await assert.rejects(fetch(`${url}/healthz`), 'nothing answers any more');
  } finally {
    try {
      process.kill(-npm.pid!, 'SIGKILL');
    } catch {
      // The group is gone, as it should be.
    }
    rmSync(data, { recursive: true, force: true });
  }
});
