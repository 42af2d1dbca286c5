import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from './package-root.js';

/*
 * Puts the few files of swagger-ui-dist that the server's documentation page uses into dist, with
 * their licences, so that they come with the package and nobody has to install the library:
 *
 *   node dist/scripts/build-docs-page.js
 */

const FILES = [
  'swagger-ui.css',
  'swagger-ui-bundle.js',
  'swagger-ui-bundle.js.LICENSE.txt',
  'LICENSE',
  'NOTICE',
];

const require = createRequire(import.meta.url);
const library = dirname(require.resolve('swagger-ui-dist/package.json'));
const folder = join(packageRoot(import.meta.url), 'dist/swagger-ui');

mkdirSync(folder, { recursive: true });
for (const file of FILES) copyFileSync(join(library, file), join(folder, file));
