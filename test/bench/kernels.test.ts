import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { instantiateKernels, KERNELS, kernelModule } from '../../bench/harness/kernels.js';
import { enlargeModule } from '../../bench/harness/large-module.js';
import { packageFile } from '../../src/base/package-file.js';
import { meterModule } from '../../src/wasm/meter.js';

const SMALL: Readonly<Record<string, number>> = { recursion: 12, matrix: 1, json_scan: 1 };
const amountOf = (name: string): number => SMALL[name] ?? 100;

test('there are as many kernels as were asked for, and metered ones give the same sums', () => {
  const bytes = kernelModule();
  const plain = instantiateKernels(bytes);
  const metered = instantiateKernels(meterModule(bytes).bytes as Uint8Array<ArrayBuffer>);
  assert.ok(Object.keys(KERNELS).length >= 12);
  for (const name of Object.keys(KERNELS)) {
    assert.equal(metered[name]!(amountOf(name)), plain[name]!(amountOf(name)), name);
  }
});

test('the kernels in C++ give the same sums', (t) => {
  const runs = (command: string): boolean => spawnSync(command, ['--version']).status === 0;
  if (!runs('make') || !runs('g++')) return t.diagnostic('no make or no g++: nothing to build');
  const ours = instantiateKernels(kernelModule());
  for (const name of Object.keys(KERNELS)) {
    const script = packageFile('native-bench', 'run.sh');
    const args = [script, '--kernel', name, String(amountOf(name)), '0'];
    const { status, stdout, stderr } = spawnSync('sh', args, { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const line = JSON.parse(stdout) as { name: string; value: number; unit: string; sum: number };
    assert.equal(line.name, `native_kernel_${name}`);
    assert.equal(line.unit, 'us/call');
    assert.ok(line.value > 0);
    assert.equal(line.sum, ours[name]!(amountOf(name)), name);
  }
});

test('a module is enlarged to about the size asked for, and stays valid and meterable', () => {
  const agent = new Uint8Array(readFileSync(packageFile('dist', 'agents', 'bidder.wasm')));
  const large = enlargeModule(agent, 1_000_000);
  assert.ok(Math.abs(large.length - 1_000_000) < 10_000, String(large.length));
  assert.ok(WebAssembly.validate(large));
  assert.ok(WebAssembly.validate(meterModule(large).bytes as Uint8Array<ArrayBuffer>));
});
