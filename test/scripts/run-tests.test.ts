import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'caxton-runner-'));
after(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}

const script = join(folder, 'scripts/run-tests.js');
write('package.json', '{"type": "module"}');
mkdirSync(dirname(script));
copyFileSync(fileURLToPath(new URL('../../scripts/run-tests.js', import.meta.url)), script);
write(
  'test/good.test.js',
  "import test from 'node:test';\ntest('alpha', () => {});\ntest('beta', () => {});",
);
write(
  'test/deep/er/bad.test.js',
  "import test from 'node:test';\ntest('gamma', () => { throw new Error('no'); });",
);
write('test/deep/helper.js', "throw new Error('a helper is no test');");

function run(...args: string[]) {
  // Set in every test process; a runner that sees it takes itself for a part of this run.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    env,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

test('all tests run, also in folders within folders, and a failure fails the run', () => {
  const { status, output } = run();
  assert.equal(status, 1);
  for (const name of ['alpha', 'beta', 'gamma']) assert.ok(output.includes(name), name);
  assert.match(output, /tests 3\n/);
  assert.match(output, /fail 1\n/);
});

test('a path chooses files, and options reach the runner', () => {
  const chosen = run('good', '--test-name-pattern=alpha');
  assert.equal(chosen.status, 0);
  assert.match(chosen.output, /pass 1\n/);
  assert.ok(!chosen.output.includes('gamma'));
});

test('a path that no test has fails the run', () => {
  const { status, output } = run('nowhere');
  assert.equal(status, 1);
  assert.match(output, /No compiled test matches nowhere/);
});
