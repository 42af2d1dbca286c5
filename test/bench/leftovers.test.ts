import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.js';

const script = fileURLToPath(new URL('./leftovers-child.js', import.meta.url));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

for (const how of ['SIGINT', 'SIGTERM', 'fail'] as const) {
  test(`a run that ends by ${how} leaves no process and no folder`, async (t) => {
    const child = spawn(process.execPath, [script, how], { stdio: ['ignore', 'pipe', 'ignore'] });
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { pid, folder } = JSON.parse(line) as { pid: number; folder: string };
    if (how !== 'fail') child.kill(how);
    const [code] = await ended;
    assert.notEqual(code, 0);
    await eventually('its process is gone', () => !isAlive(pid));
    assert.ok(!existsSync(folder), 'its folder is gone');
  });
}
