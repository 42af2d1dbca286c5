import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from './package-root.js';
import { operationTable, operationTypes } from './sdk-types.js';

/** Writes the SDK's files that are made from the operations table: `npm run sdk-types`. */

const root = packageRoot(import.meta.url);
const folder = join(root, 'sdk/typescript/src');
const files = {
  'operation-types.ts': operationTypes(),
  'operation-table.ts': operationTable(),
};
for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/@biomejs/biome/bin/biome'),
    'format',
    '--write',
    ...Object.keys(files).map((name) => join(folder, name)),
  ],
  { cwd: root, stdio: 'inherit' },
);
process.exitCode = status ?? 1;
