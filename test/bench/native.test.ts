import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../native-bench', import.meta.url));
const runs = (command: string): boolean => spawnSync(command, ['--version']).status === 0;

test('the native baselines build and print their rows', (t) => {
  if (!runs('make') || !runs('g++')) return t.diagnostic('no make or no g++: nothing to build');
  const result = spawnSync('sh', [`${folder}/run.sh`, '--smoke'], { encoding: 'utf8' });
  assert.equal(result.status, 0, result.stderr);
  const rows = result.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    rows.map(({ name }) => name),
    [
      'native_ring_push_pop',
      'native_ring_round_trip',
      'native_ring_echo_round_trip',
      'native_echo',
    ],
  );
  for (const { value, unit } of rows) {
    assert.ok(value > 0);
    assert.equal(unit, 'million/s');
  }
});
