import { readFileSync } from 'node:fs';
import { packageFile } from './package-file.js';

/** The version of this server, from its package. */
export const VERSION: string = (
  JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }
).version;
