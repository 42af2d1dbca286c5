import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { assert } from './assert.js';

/**
 * The path of a file that comes with the package, such as a .proto. Found by walking up, so that
 * it doesn't matter into which folder the package was built.
 */
export function packageFile(...path: string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    assert(parent !== folder, 'the package has no package.json');
    folder = parent;
  }
  return join(folder, ...path);
}
