import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../scripts/package-root.js';
import { importsOf } from './import-graph.js';

const root = packageRoot(import.meta.url);

/** Packages that a program loads when it starts: of what was built, where types are gone. */
function packagesLoadedBy(entry: string): string[] {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string): void => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = readFileSync(file, 'utf8').replace(/\bimport\(/g, 'later(');
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.')) visit(join(file, '..', specifier));
      else if (!specifier.startsWith('node:')) packages.add(specifier);
    }
  };
  visit(join(root, 'dist/src', entry));
  return [...packages].sort();
}

test('threads load no package that they don’t need, for each costs memory in all of them', () => {
  assert.deepEqual(packagesLoadedBy('worker/agent-worker.js'), ['@msgpack/msgpack']);
  assert.deepEqual(packagesLoadedBy('store/writer-thread.js'), ['@msgpack/msgpack', 'lmdb']);
});

test('the server starts without what few of its callers need', () => {
  const loaded = packagesLoadedBy('server.js');
  assert.ok(loaded.includes('@grpc/grpc-js'), loaded.join(', '));
  const late = /^(ajv|hdr-histogram-js|prom-client|@grpc\/reflection|grpc-health-check)\b/;
  assert.deepEqual(
    loaded.filter((name) => late.test(name)),
    [],
  );
});

test('the command line comes to the server without the client’s packages', () => {
  const loaded = packagesLoadedBy('cli/main.js');
  assert.deepEqual(
    loaded.filter((name) => name !== 'commander' && name !== 'cli-table3'),
    [],
  );
});
