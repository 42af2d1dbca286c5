import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../scripts/package-root.js';
import { operationTable, operationTypes } from '../../scripts/sdk-types.js';

const root = packageRoot(import.meta.url);

function formatted(name: string, text: string): string {
  const biome = join(root, 'node_modules/@biomejs/biome/bin/biome');
  const path = `sdk/typescript/src/${name}`;
  const result = spawnSync(process.execPath, [biome, 'format', `--stdin-file-path=${path}`], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  });
  assert.equal(result.status, 0, result.stderr);
  return result.stdout;
}

for (const [name, text] of [
  ['operation-types.ts', operationTypes()],
  ['operation-table.ts', operationTable()],
] as const) {
  test(`the SDK's ${name} is what the operations table makes it; npm run sdk-types writes it`, () => {
    const written = readFileSync(join(root, 'sdk/typescript/src', name), 'utf8');
    assert.equal(written, formatted(name, text));
  });
}
