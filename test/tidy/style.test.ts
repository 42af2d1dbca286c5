import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTree } from './source-tree.js';
import { badNames, chosenTests, leftForLater, longFiles, machinePaths } from './style-rules.js';

const code = readTree(['src', 'test', 'bench', 'scripts'], ['.ts']);
const tests = readTree(['test'], ['.test.ts']);
const everything = readTree(
  ['src', 'test', 'bench', 'scripts', 'docs', 'proto', 'agents', 'native-bench', 'sdk'],
  ['.ts', '.js', '.c', '.cc', '.cpp', '.h', '.md', '.proto', '.json', '.wat', '.sh'],
);
// The rules' own examples are on purpose.
const others = new Map([...everything].filter(([path]) => path !== 'test/tidy/style.test.ts'));
const otherTests = new Map([...tests].filter(([path]) => path !== 'test/tidy/style.test.ts'));
const one = (path: string, text: string) => new Map([[path, text]]);

test('no source file is longer than 400 lines', () => {
  assert.ok(code.size > 0);
  assert.deepEqual(longFiles(code), []);
});

test('files and folders are named in kebab case', () => {
  assert.deepEqual(badNames(code), []);
});

test('no work is put off in comments', () => {
  assert.deepEqual(leftForLater(others), []);
});

test('no test runs alone and none is left out', () => {
  assert.deepEqual(chosenTests(otherTests), []);
});

test('no file names a path of one machine', () => {
  assert.deepEqual(machinePaths(others), []);
});

test('the rules find what they forbid', () => {
  assert.equal(longFiles(one('src/a.ts', 'x\n'.repeat(401))).length, 1);
  assert.equal(longFiles(one('src/a.ts', 'x\n'.repeat(400))).length, 0);
  assert.equal(badNames(one('src/ringBuffer.ts', '')).length, 1);
  assert.equal(badNames(one('src/Ring/buffer.ts', '')).length, 1);
  assert.equal(badNames(one('test/ring/ring-buffer.test.ts', '')).length, 0);
  assert.equal(leftForLater(one('src/a.ts', '// TODO later')).length, 1);
  assert.equal(leftForLater(one('src/a.ts', 'const MASTODON = 1;')).length, 0);
  assert.equal(chosenTests(one('test/a.test.ts', "test.only('x', () => {});")).length, 1);
  assert.equal(chosenTests(one('test/a.test.ts', 't.skip();')).length, 1);
  assert.equal(chosenTests(one('test/a.test.ts', 'reader.skip(4);')).length, 0);
  assert.equal(machinePaths(one('docs/a.md', 'cd /home/ann/caxton')).length, 1);
  assert.equal(machinePaths(one('docs/a.md', 'GET /api/v1/agents')).length, 0);
});
