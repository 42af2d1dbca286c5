import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { packageRoot } from '../../scripts/package-root.js';
import { CaxtonError } from '../../src/base/errors.js';
import { type ConfigSources, loadConfig } from '../../src/config/load-config.js';
import type { Problem } from '../../src/config/problems.js';
import { environmentName } from '../../src/config/read-environment.js';
import { settingPaths } from '../../src/config/validate.js';
import { edited, mutated } from './mutations.js';
import { bytesTarget, Fates, type FuzzTarget } from './target.js';

/** A file that begins with this is an environment: a line NAME=VALUE for each variable. */
const ENVIRONMENT = '# environment\n';

const NAMES = settingPaths().map((path) => path.join('.'));
const VALUES = [
  ...['1', '0', '-1', '1.5', '1e3', '0x10', '0o17', '.inf', '.nan', '99999999999999999999', '~'],
  ...['true', 'yes', 'null', '""', '[]', '{}', '[1, 2]', '{ a: 1 }', '64MiB', '1e400B', '1GiB'],
  ...['127.0.0.1:0', '"[::1]:1"', ':80', '0.0.0.0', '5m', '8d', '-1s', '"100m"', 'info', 'warn'],
  ...[
    'enforce',
    '&a [*a]',
    '*a',
    '!!binary aGk=',
    '!!set { a }',
    '!!js/function "x"',
    '2020-01-01',
  ],
  ...['"\\ud800"', '"\\x00"', '|\n    a\n    b', '>-\n    x', '&a { b: &b [1, 1] }', '[*b, *b]'],
  ...['{ __proto__: { polluted: 1 } }', '{ constructor: { prototype: { polluted: 1 } } }'],
];
const KEYS = [
  ...NAMES.filter((name) => !name.includes('.')),
  ...NAMES.map((n) => n.split('.').at(-1)!),
];
const ODD_KEYS = [
  '__proto__',
  'constructor',
  '<<',
  '? a',
  '"a"',
  '[a]',
  '{a: 1}',
  '1',
  '',
  'http ',
];

const BOMB = [
  'a: &a [x, x, x, x, x, x, x, x, x]',
  ...['b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'].map((name, i) => {
    const below = 'abcdefgh'[i];
    return `${name}: &${name} [${Array(9).fill(`*${below}`).join(', ')}]`;
  }),
  'limits: *i',
].join('\n');

const keys = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...KEYS) },
  { weight: 1, arbitrary: fc.constantFrom(...ODD_KEYS) },
);
const values = fc.constantFrom(...VALUES);

const lines = fc.array(
  fc.oneof(
    fc.tuple(keys, values).map(([key, value]) => `${key}: ${value}`),
    fc.tuple(keys, keys, values).map(([a, b, value]) => `${a}:\n  ${b}: ${value}`),
    fc.tuple(fc.constantFrom(...NAMES), values).map(([name, value]) => nest(name, value)),
    fc.constantFrom('---', '...', '%YAML 1.2', '# note', '\t', '- a', 'tokens: [{ name: a }]'),
  ),
  { maxLength: 8 },
);

function nest(name: string, value: string): string {
  const parts = name.split('.');
  return parts
    .map(
      (part, depth) =>
        `${'  '.repeat(depth)}${part}:${depth === parts.length - 1 ? ` ${value}` : ''}`,
    )
    .join('\n');
}

const environments = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom(...settingPaths().map(environmentName)),
        fc.constantFrom(
          'CAXTON_',
          'CAXTON___PROTO__',
          'CAXTON_TOKENS',
          'CAXTON_HTTP__',
          'CAXTON_X',
        ),
      ),
      fc.oneof(values, fc.string()),
    ),
    { maxLength: 5 },
  )
  .map(
    (pairs) =>
      `${ENVIRONMENT}${pairs.map(([k, v]) => `${k}=${v.replaceAll('\n', ' ')}`).join('\n')}`,
  );

/** Settings as the documentation shows them, one file for each of its examples. */
function documented(): Buffer[] {
  const page = readFileSync(join(packageRoot(import.meta.url), 'docs/configuration.md'), 'utf8');
  return [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => Buffer.from(text!));
}

/**
 * Config files and environments: a config that is complete and frozen, or an error that names the
 * setting, or the line; in bounded time, and nothing else is changed by them.
 */
export function configFiles(): FuzzTarget {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-fuzz-config-'));
  const file = join(folder, 'caxton.yaml');
  const fates = new Fates();
  const words = [...ODD_KEYS, ...VALUES, ': ', '\n', '\n  ', '- ', '&a ', '*a', '? ', '!!str '];
  const seeds = [
    ...documented(),
    Buffer.from(BOMB),
    Buffer.from('tokens:\n  - name: a\n    role: admin\n'),
  ];
  const generated = lines.map((all) => Buffer.from(all.join('\n')));
  const cases = fc.oneof(
    { weight: 3, arbitrary: edited(generated, { words, maxEdits: 2 }) },
    { weight: 2, arbitrary: environments.map((text) => Buffer.from(text)) },
    { weight: 2, arbitrary: mutated(seeds, { words }) },
  );
  const check = (bytes: Uint8Array): void => {
    const text = Buffer.from(bytes).toString();
    if (!text.startsWith(ENVIRONMENT)) {
      writeFileSync(file, bytes);
      fates.add(`file ${fateOf({ file })}`);
      return;
    }
    const pairs = text
      .slice(ENVIRONMENT.length)
      .split('\n')
      .map((line) => {
        const at = line.indexOf('=');
        return [line.slice(0, at), line.slice(at + 1)] as const;
      });
    fates.add(
      `environment ${fateOf({ env: Object.fromEntries(pairs.filter(([name]) => name !== 'CAXTON_CONFIG')) })}`,
    );
  };
  return bytesTarget(cases, check, {
    details: () => fates.lines,
    close: async () => rmSync(folder, { recursive: true }),
  }) as FuzzTarget;
}

function fateOf(sources: ConfigSources): string {
  try {
    const config = loadConfig(sources);
    assertFrozen(config);
    assert.deepEqual(Object.keys(config).sort(), COMPLETE);
    return 'accepted';
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String((error as Error).stack ?? error));
    assert.equal(error.code, 'INVALID_REQUEST');
    const problems = error.details.problems as Problem[];
    assert.ok(problems.length > 0);
    for (const { field, message } of problems) {
      assert.ok(field.length > 0 && message.length > 0, error.message);
      // Long ones would fill the log of who mistook another file for the config.
      assert.ok(message.length < 20_000, message.slice(0, 200));
    }
    return 'refused';
  } finally {
    assert.equal(({} as { polluted?: unknown }).polluted, undefined, 'a prototype was changed');
  }
}

const COMPLETE = Object.keys(loadConfig()).sort();

function assertFrozen(value: unknown): void {
  if (typeof value !== 'object' || value === null) return;
  assert.ok(Object.isFrozen(value));
  for (const part of Object.values(value)) assertFrozen(part);
}
