import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERROR_TABLE } from '../../src/base/errors.js';
import { readManifest, readRepositoryFile } from './source-tree.js';

/** Cells of each table row whose first cell is code. */
function rowsOf(path: string): string[][] {
  return readRepositoryFile(path)
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('`', '')),
    );
}

test('docs/errors.md lists the error table, all of it and nothing else', () => {
  const documented = rowsOf('docs/errors.md').map(([code, http, grpc, retry, description]) => ({
    code,
    httpStatus: Number(http),
    grpcStatus: Number.parseInt(grpc!, 10),
    retryable: retry === 'yes',
    description,
  }));
  const table = Object.entries(ERROR_TABLE).map(([code, kind]) => ({ code, ...kind }));
  assert.deepEqual(
    documented,
    table.map(({ code, httpStatus, grpcStatus, retryable, description }) => ({
      code,
      httpStatus,
      grpcStatus,
      retryable,
      description,
    })),
  );
});

test('docs/dependencies.md lists every dependency with its version, and only those', () => {
  const manifest = readManifest();
  const versionOf = (range: string): string => range.split('@').at(-1)!;
  const wanted = Object.entries({
    ...manifest.dependencies,
    ...manifest.optionalDependencies,
    ...manifest.devDependencies,
  }).map(([name, range]) => `${name} ${versionOf(range)}`);
  const rows = rowsOf('docs/dependencies.md');
  assert.deepEqual(rows.map(([name, version]) => `${name} ${version}`).sort(), wanted.sort());
  for (const [name, , licence, why] of rows) {
    assert.ok(licence && why, `${name} has a licence and a reason`);
  }
});
