import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  importCycles,
  importsOf,
  layerViolations,
  moduleUrlsOf,
  orphans,
  packagesOf,
} from './import-graph.js';
import { readManifest, readTree } from './source-tree.js';

/** Where programs start; threads are found by the URL with which they are started. */
const ENTRIES = ['src/cli/main.ts'];

const sources = readTree(['src'], ['.ts']);
const tree = (files: Record<string, string>) => new Map(Object.entries(files));

test('imports of src run downwards only and not across a layer', () => {
  assert.ok(sources.size > 0);
  assert.deepEqual(layerViolations(sources), []);
});

test('src has no import cycle', () => {
  assert.deepEqual(importCycles(sources), []);
});

test('every file of src is used by the program', () => {
  assert.deepEqual(orphans(sources, ENTRIES), []);
});

test('src imports only packages that are installed with it', () => {
  const { dependencies, optionalDependencies } = readManifest();
  const installed = { ...dependencies, ...optionalDependencies };
  const missing = [...packagesOf(sources)].filter(([name]) => !Object.hasOwn(installed, name));
  assert.deepEqual(missing, []);
});

test('only the command line uses the SDK, as any other client does', () => {
  const users = [...sources].filter(([, text]) => importsOf(text).includes('@caxton/sdk'));
  assert.ok(users.length > 0);
  assert.deepEqual(
    users.map(([path]) => path).filter((path) => !path.startsWith('src/cli/')),
    [],
  );
});

test('the checker sees each form of import', () => {
  const text = `
import { a } from './a.js';
import type { B } from './b.js';
import {
  c,
} from './c.js';
import './d.js';
export { e } from './e.js';
export * from './f.js';
const g = await import('./g.js');
// import { no } from './comment.js';
/** import { no } from './comment.js'; */
export const list = Array.from('abc');
`;
  assert.deepEqual(
    importsOf(text).sort(),
    ['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((name) => `./${name}.js`),
  );
  assert.deepEqual(moduleUrlsOf("new URL('./main.js', import.meta.url)"), ['./main.js']);
});

test('the checker finds an import that runs upward', () => {
  const found = layerViolations(
    tree({
      'src/base/ids.ts': "import { x } from '../runtime/router.js';",
      'src/runtime/router.ts': "import { y } from '../base/ids.js';",
    }),
  );
  assert.deepEqual(found, ['src/base/ids.ts imports upward: src/runtime/router.ts']);
});

test('the checker finds an import across a layer, also by type alone', () => {
  const found = layerViolations(
    tree({
      'src/transport/rest/routes.ts': "import type { F } from '../ws/frames.js';",
      'src/transport/ws/frames.ts': "import './limits.js';",
      'src/transport/ws/limits.ts': '',
    }),
  );
  assert.deepEqual(found, [
    'src/transport/rest/routes.ts imports across its layer: src/transport/ws/frames.ts',
  ]);
});

test('the checker finds a file in no layer and an import of nothing', () => {
  const found = layerViolations(
    tree({ 'src/utils/x.ts': '', 'src/base/a.ts': "import './gone.js';" }),
  );
  assert.deepEqual(found, [
    'src/utils/x.ts is in no layer',
    'src/base/a.ts imports src/base/gone.ts, which is not there',
  ]);
});

test('the checker finds a cycle, and a diamond is none', () => {
  const cycle = tree({
    'src/base/a.ts': "import './b.js';",
    'src/base/b.ts': "export * from './c.js';",
    'src/base/c.ts': "import type { A } from './a.js';",
  });
  assert.deepEqual(importCycles(cycle), [
    'src/base/a.ts → src/base/b.ts → src/base/c.ts → src/base/a.ts',
  ]);
  const diamond = tree({
    'src/base/a.ts': "import './b.js';\nimport './c.js';",
    'src/base/b.ts': "import './d.js';",
    'src/base/c.ts': "import './d.js';",
    'src/base/d.ts': '',
  });
  assert.deepEqual(importCycles(diamond), []);
});

test('the checker finds a file that nothing uses, and knows threads by their URL', () => {
  const files = tree({
    'src/cli/main.ts': "import '../pool/pool.js';",
    'src/pool/pool.ts': "new URL('../worker/main.js', import.meta.url)",
    'src/worker/main.ts': '',
    'src/worker/forgotten.ts': "import './main.js';",
  });
  assert.deepEqual(orphans(files, ['src/cli/main.ts']), ['src/worker/forgotten.ts']);
});
