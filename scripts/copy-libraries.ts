import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { packageRoot } from './package-root.js';

/*
 * Puts the few files of libraries that are needed of large packages into dist, with their licences,
 * so that they come with the package and nobody has to install the libraries:
 *
 *   node dist/scripts/copy-libraries.js
 */

/** Files by where they stand in their package, and what they are called in dist. */
const LIBRARIES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'swagger-ui': same('swagger-ui-dist', [
    'swagger-ui.css',
    'swagger-ui-bundle.js',
    'swagger-ui-bundle.js.LICENSE.txt',
    'LICENSE',
    'NOTICE',
  ]),
  echarts: {
    // This package's .js files are ES modules, and that one is none.
    'echarts/dist/echarts.common.min.js': 'echarts.common.min.cjs',
    'echarts/licenses/LICENSE-d3': 'LICENSE-d3',
    ...same('echarts', ['LICENSE', 'NOTICE']),
    'zrender/LICENSE': 'LICENSE-zrender',
  },
};

function same(library: string, files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [`${library}/${file}`, file]));
}

const require = createRequire(import.meta.url);

for (const [folder, files] of Object.entries(LIBRARIES)) {
  const target = join(packageRoot(import.meta.url), 'dist', folder);
  mkdirSync(target, { recursive: true });
  for (const [file, name] of Object.entries(files)) {
    const [library, ...path] = file.split('/') as [string, ...string[]];
    const root = dirname(require.resolve(`${library}/package.json`));
    copyFileSync(join(root, ...path), join(target, name));
  }
}
