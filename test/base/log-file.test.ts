import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openLogFile } from '../../src/base/log-file.js';
import { eventually } from '../support/eventually.js';

const folder = mkdtempSync(join(tmpdir(), 'caxton-log-'));
after(() => rmSync(folder, { recursive: true }));

/** Takes no byte, as a disk that is full; Linux has it. */
const FULL_DISK = '/dev/full';

test('lines are appended, and are all there when it is closed', async () => {
  const file = join(folder, 'new', 'folder', 'a.log');
  for (const round of [1, 2]) {
    const log = await openLogFile(file, assert.fail);
    for (let i = 0; i < 100; i++) log.logger.info({ round, i });
    await log.close();
  }
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  assert.equal(lines.length, 200);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).i),
    Array.from({ length: 200 }, (_, i) => i % 100),
  );
});

test('a file that can not be opened is refused', async () => {
  await assert.rejects(openLogFile(folder, assert.fail), { code: 'EISDIR' });
});

test('a full disk is told, and keeps nobody from closing', async () => {
  if (!existsSync(FULL_DISK)) return;
  const reasons: string[] = [];
  const log = await openLogFile(FULL_DISK, (reason) => reasons.push(reason));
  log.logger.info({ a: 1 });
  await eventually('the failure is told', () => reasons.length > 0);
  assert.match(reasons[0]!, /ENOSPC/);
  for (let i = 0; i < 10_000; i++) log.logger.info({ text: 'x'.repeat(1_000) });
  await eventually('the bound is told', () =>
    reasons.some((text) => text.includes('no more room')),
  );
  await log.close();
});
