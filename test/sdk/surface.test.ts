import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { CaxtonClient, CaxtonError, CLIENT_CODES, SERVER_CODES } from '@caxton/sdk';
import { packageRoot } from '../../scripts/package-root.js';
import { OPERATIONS } from '../../src/api/operations.js';
import { ERROR_TABLE } from '../../src/base/errors.js';
import { readRepositoryFile, readTree } from '../tidy/source-tree.js';

const sources = readTree(['sdk/typescript/src'], ['.ts']);

test('the client has a method for each operation', () => {
  const methods = Object.getOwnPropertyNames(CaxtonClient.prototype);
  const missing = Object.keys(OPERATIONS).filter((name) => !methods.includes(name));
  assert.deepEqual(missing, []);
});

test('the client knows the codes of the table of errors, and which are worth a retry', () => {
  assert.deepEqual([...SERVER_CODES].sort(), Object.keys(ERROR_TABLE).sort());
  for (const [code, kind] of Object.entries(ERROR_TABLE)) {
    const error = CaxtonError.fromBody({ code, message: '' }, kind.httpStatus);
    assert.equal(error.retryable, kind.retryable, code);
  }
  for (const code of CLIENT_CODES) assert.ok(!Object.hasOwn(ERROR_TABLE, code), code);
});

test('the client types every event that the documentation lists', () => {
  const page = readRepositoryFile('docs/websocket.md') + readRepositoryFile('docs/deployments.md');
  const kinds = 'agent|message|conversation|deployment|task|system';
  const named = page.matchAll(new RegExp(`\`((?:${kinds})\\.[a-z_]+)\``, 'g'));
  const documented = new Set([...named].map((match) => match[1] as string));
  assert.ok(documented.size > 20);
  const typed = sources.get('sdk/typescript/src/event-types.ts') as string;
  const missing = [...documented].filter((name) => !typed.includes(`'${name}': `));
  assert.deepEqual(missing, []);
});

test('the SDK imports nothing of the server, and only packages that it declares', () => {
  const { dependencies } = JSON.parse(
    readFileSync(join(packageRoot(import.meta.url), 'sdk/typescript/package.json'), 'utf8'),
  ) as { dependencies: Record<string, string> };
  assert.ok(sources.size > 0);
  for (const [path, text] of sources) {
    for (const [, specifier] of text.matchAll(/\bfrom\s*'([^']+)'|\bimport\('([^']+)'\)/g)) {
      const allowed = /^\.\/[a-z-]+\.js$/.test(specifier as string);
      assert.ok(
        allowed || Object.hasOwn(dependencies, specifier as string),
        `${path}: ${specifier}`,
      );
    }
  }
});

test('a client is not made of what is no address or no token', () => {
  const unfit = [
    'localhost:8080',
    'ftp://localhost',
    '',
    'http://',
    'http://a/?b=c',
    'http://a:b@c',
  ];
  for (const endpoint of unfit) {
    assert.throws(() => new CaxtonClient({ endpoint }), TypeError, endpoint);
  }
  const endpoint = 'http://localhost:8080';
  assert.throws(() => new CaxtonClient({ endpoint, apiKey: 'two words' }), TypeError);
});

test('times and retries that are none are told of at once', async () => {
  const endpoint = 'http://localhost:8080';
  for (const timeoutMs of [0, -1, Number.NaN, '5' as unknown as number]) {
    assert.throws(() => new CaxtonClient({ endpoint, timeoutMs }), /timeoutMs/);
  }
  for (const retry of [{ retries: -1 }, { retries: 1.5 }, { minDelayMs: Number.NaN }]) {
    assert.throws(() => new CaxtonClient({ endpoint, retry }), /retry\./);
  }
  const client = new CaxtonClient({ endpoint });
  await assert.rejects(client.systemStatus({ timeoutMs: -1 }), /timeoutMs/);
  assert.throws(() => client.on('*', () => {}, { timeoutMs: 0 }), /timeoutMs/);
  client.close();
});

test('the package stands by itself: its license, its sources in the maps, no link out of it', () => {
  const folder = join(packageRoot(import.meta.url), 'sdk/typescript');
  const read = (path: string): string => readFileSync(join(folder, path), 'utf8');
  assert.equal(read('LICENSE'), readRepositoryFile('LICENSE'));
  assert.doesNotMatch(read('README.md'), /\]\((?!https:|#)/);
  const { version, files } = JSON.parse(read('package.json')) as Record<string, string>;
  assert.ok(read('README.md').includes(`caxton-sdk-${version}.tgz`));
  assert.ok(files?.includes('LICENSE'));
  const { sourcesContent } = JSON.parse(read('dist/index.js.map')) as Record<string, string[]>;
  assert.equal(sourcesContent?.[0], read('src/index.ts'));
});
