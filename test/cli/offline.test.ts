import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parse } from 'yaml';
import { packageRoot } from '../../scripts/package-root.js';
import { loadConfig } from '../../src/config/load-config.js';
import { hashToken } from '../../src/config/tokens.js';
import { compileWat, guest } from '../support/guests.js';
import { runCli } from './cli-process.js';

/** Commands that ask no server: they get one that nobody listens at. */
const env = { CAXTON_URL: 'http://127.0.0.1:1' };
const ECHO = join(packageRoot(import.meta.url), 'dist/agents/echo.wasm');

const folder = mkdtempSync(join(tmpdir(), 'caxton-offline-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): string => join(folder, name);

test('token create prints the token once and an entry that the config takes', async () => {
  const args = ['token', 'create', '--name', 'ann: "the first"', '--role', 'sender'];
  const { code, stdout } = await runCli([...args, '--agents', 'echo,counter'], { env });
  assert.equal(code, 0);
  const [token] = stdout.match(/cxt_\S+/g) ?? [];
  assert.equal(stdout.split(token!).length, 2, 'the token is there once');
  const yaml = stdout.slice(stdout.indexOf('tokens:'));
  const entry = {
    name: 'ann: "the first"',
    role: 'sender',
    agents: ['echo', 'counter'],
    sha256: hashToken(token!),
  };
  assert.deepEqual(parse(yaml), { tokens: [entry] });
  writeFileSync(file('tokens.yaml'), yaml);
  assert.deepEqual(loadConfig({ file: file('tokens.yaml') }).tokens, [entry]);
});

test('token create --output json prints token, hash and the rest as one object', async () => {
  const args = ['token', 'create', '--name', 'ben', '--role', 'admin', '--output', 'json'];
  const { stdout } = await runCli(args, { env });
  const created = JSON.parse(stdout) as { token: string; sha256: string };
  assert.deepEqual(created, {
    token: created.token,
    name: 'ben',
    role: 'admin',
    sha256: hashToken(created.token),
  });
});

test('token create refuses a role that is none and a missing name', async () => {
  const role = await runCli(['token', 'create', '--name', 'x', '--role', 'boss'], { env });
  assert.equal(role.code, 2);
  assert.match(role.stderr, /Allowed choices are viewer, sender, operator, admin/);
  const name = await runCli(['token', 'create', '--role', 'admin'], { env });
  assert.equal(name.code, 2);
  assert.match(name.stderr, /required option '--name <name>' not specified/);
});

test('agent validate describes a module that would be deployed', async () => {
  const table = await runCli(['agent', 'validate', ECHO], { env });
  assert.equal(table.code, 0);
  assert.match(table.stdout, /exports +handle_message, caxton_alloc\n/);
  assert.match(table.stdout, /imports +.*caxton\.send_message\n$/);
  const json = await runCli(['agent', 'validate', ECHO, '--output', 'json'], { env });
  const report = JSON.parse(json.stdout) as { valid: boolean; bytes: number; exports: string[] };
  assert.equal(report.valid, true);
  assert.equal(report.bytes, readFileSync(ECHO).length);
  assert.deepEqual(report.exports, ['handle_message', 'caxton_alloc']);
});

test('agent validate says which rule a module breaks and exits with 1', async () => {
  const cases: [name: string, bytes: Uint8Array, message: RegExp][] = [
    ['start', await guest('has-start'), /^error INVALID_WASM: .*'_start'.*reactor/],
    ['missing', await guest('missing-memory'), /^error INVALID_WASM: .*must export its memory/],
    ['text', Buffer.from('no module'), /^error INVALID_WASM: .*not valid WebAssembly/],
  ];
  for (const [name, bytes, message] of cases) {
    writeFileSync(file(`${name}.wasm`), bytes);
    const result = await runCli(['agent', 'validate', file(`${name}.wasm`)], { env });
    assert.equal(result.code, 1, name);
    assert.match(result.stderr, message);
  }
  const json = await runCli(['agent', 'validate', file('start.wasm'), '--output', 'json'], { env });
  const { error } = JSON.parse(json.stderr) as { error: Record<string, unknown> };
  assert.deepEqual(Object.keys(error), ['code', 'message', 'details']);
});

test('agent validate holds the module to --memory', async () => {
  writeFileSync(file('big.wasm'), await guest('big-initial-memory'));
  const small = await runCli(['agent', 'validate', file('big.wasm'), '--memory', '64KiB'], { env });
  assert.equal(small.code, 1);
  assert.match(small.stderr, /^error RESOURCE_LIMIT_EXCEEDED: .*the limit is 1 pages/);
  const wrong = await runCli(['agent', 'validate', file('big.wasm'), '--memory', 'lots'], { env });
  assert.equal(wrong.code, 2);
  assert.match(wrong.stderr, /Write bytes, or a number with KB/);
});

/** No agent: one export that adds the numbers up to its argument. */
const SUM = `(module
  (global $started (export "started") (mut i32) (i32.const 0))
  (func $start (global.set $started (i32.const 1)))
  (start $start)
  (func (export "sum") (param $n i32) (result i32)
    (local $total i32)
    (loop $next
      (local.set $total (i32.add (local.get $total) (local.get $n)))
      (local.set $n (i32.sub (local.get $n) (i32.const 1)))
      (br_if $next (local.get $n)))
    (local.get $total)))`;

interface Metered {
  'caxton:fuel': WebAssembly.Global<'i64'>;
  'caxton:start'(): void;
  started: WebAssembly.Global<'i32'>;
  sum(n: number): number;
}

async function instantiate(path: string): Promise<Metered> {
  const { instance } = await WebAssembly.instantiate(new Uint8Array(readFileSync(path)));
  return instance.exports as unknown as Metered;
}

test('wasm meter makes any module count fuel: N units are enough and N - 1 trap', async () => {
  writeFileSync(file('sum.wasm'), await compileWat('sum', SUM));
  const args = ['wasm', 'meter', file('sum.wasm'), file('metered.wasm')];
  const { code, stdout } = await runCli(args, { env });
  assert.equal(code, 0);
  assert.match(stdout, /functions +2\n/);
  assert.match(stdout, /global caxton:fuel to a budget/);
  assert.match(stdout, /call the export caxton:start once/);

  const plenty = 1_000_000n;
  const first = await instantiate(file('metered.wasm'));
  first['caxton:fuel'].value = plenty;
  assert.equal(first.sum(100), 5_050);
  const used = plenty - first['caxton:fuel'].value;
  assert.ok(used >= 800n, `${used} units for a hundred rounds`);

  const exact = await instantiate(file('metered.wasm'));
  exact['caxton:fuel'].value = used;
  assert.equal(exact.sum(100), 5_050);
  assert.equal(exact['caxton:fuel'].value, 0n);

  const short = await instantiate(file('metered.wasm'));
  short['caxton:fuel'].value = used - 1n;
  assert.throws(() => short.sum(100), WebAssembly.RuntimeError);

  const started = await instantiate(file('metered.wasm'));
  assert.equal(started.started.value, 0);
  started['caxton:fuel'].value = plenty;
  started['caxton:start']();
  assert.equal(started.started.value, 1);
});

test('wasm meter --output json tells what it did', async () => {
  const target = file('json.wasm');
  const { stdout } = await runCli(['wasm', 'meter', ECHO, target, '--output', 'json'], { env });
  const report = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(report.input_bytes, readFileSync(ECHO).length);
  assert.equal(report.output_bytes, readFileSync(target).length);
  assert.equal(report.fuel_global, 'caxton:fuel');
  assert.ok(WebAssembly.validate(new Uint8Array(readFileSync(target))));
});

test('wasm meter refuses what is no module, and a target that it can’t write', async () => {
  writeFileSync(file('broken.wasm'), readFileSync(ECHO).subarray(0, 100));
  const args = ['wasm', 'meter', file('broken.wasm'), file('never.wasm')];
  const broken = await runCli(args, { env });
  assert.equal(broken.code, 1);
  assert.match(broken.stderr, /^error INVALID_WASM: /);
  assert.equal(existsSync(file('never.wasm')), false);
  const target = file('none/there.wasm');
  const unwritable = await runCli(['wasm', 'meter', ECHO, target], { env });
  assert.equal(unwritable.code, 2);
  assert.match(unwritable.stderr, /can't be written/);
});
