import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { CaxtonError } from '../../src/base/errors.js';
import { assertLimitRelations, LIMITS } from '../../src/base/limits.js';
import { type ConfigSources, loadConfig } from '../../src/config/load-config.js';
import type { Problem } from '../../src/config/problems.js';
import { createToken } from '../../src/config/tokens.js';

const folder = mkdtempSync(join(tmpdir(), 'caxton-config-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
function yamlFile(text: string): string {
  const path = join(folder, `config-${files++}.yaml`);
  writeFileSync(path, text);
  return path;
}

function refusal(sources: ConfigSources): CaxtonError {
  try {
    loadConfig(sources);
  } catch (error) {
    assert.ok(error instanceof CaxtonError, String(error));
    assert.equal(error.code, 'INVALID_REQUEST');
    return error;
  }
  assert.fail('the config was accepted');
}

const problemsOf = (sources: ConfigSources): Problem[] =>
  refusal(sources).details.problems as Problem[];

test('without sources the defaults hold', () => {
  const config = loadConfig();
  assert.deepEqual(config.http, { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(config.grpc, { host: '127.0.0.1', port: 50051 });
  assert.equal(config.data_dir, './caxton-data');
  assert.ok(config.workers >= 1 && config.workers <= 64);
  assert.equal(config.limits.content_bytes, 1024 * 1024);
  assert.equal(config.history.max_age_ms, 7 * 24 * 3600 * 1000);
  assert.equal(config.defaults.memory_bytes, 64 * 1024 * 1024);
  assert.equal(config.defaults.cpu, '10000000');
  assert.deepEqual(config.tokens, []);
});

test('flags win over the environment, which wins over the file, which wins over defaults', () => {
  const file = yamlFile('workers: 3\ndata_dir: from-file\nlog:\n  level: warn\nhttp: "[::1]:1"');
  const env = {
    CAXTON_WORKERS: '4',
    CAXTON_DATA: 'from-env',
    CAXTON_HTTP__PORT: '2',
    PATH: '/bin',
  };
  const config = loadConfig({ file, env, flags: { workers: 5 } });
  assert.equal(config.workers, 5);
  assert.equal(config.data_dir, 'from-env');
  assert.equal(config.log.level, 'warn');
  assert.deepEqual(config.http, { host: '::1', port: 2 });
  assert.equal(config.grpc.port, 50051);
});

test('the file may be named by CAXTON_CONFIG, and the argument goes first', () => {
  const env = { CAXTON_CONFIG: yamlFile('workers: 7') };
  assert.equal(loadConfig({ env }).workers, 7);
  assert.equal(loadConfig({ env, file: yamlFile('workers: 8') }).workers, 8);
});

test('sizes, durations, cpu and endpoints are read from text in every source', () => {
  const file = yamlFile('limits: {content_bytes: 2MiB}\nhistory: {max_age: 1h}');
  const env = { CAXTON_DEFAULTS__MEMORY: '50MB', CAXTON_HISTORY__ENABLED: 'false' };
  const flags = { http: 'localhost:0', defaults: { cpu: '250m' } };
  const config = loadConfig({ file, env, flags });
  assert.equal(config.limits.content_bytes, 2 * 1024 * 1024);
  assert.equal(config.history.max_age_ms, 3_600_000);
  assert.equal(config.defaults.memory_bytes, 50_000_000);
  assert.equal(config.history.enabled, false);
  assert.deepEqual(config.http, { host: 'localhost', port: 0 });
  assert.equal(config.defaults.cpu, '250m');
  assert.equal(loadConfig({ file: yamlFile('defaults: {cpu: 5000}') }).defaults.cpu, '5000');
});

test('the config is a frozen copy', () => {
  const tokens = [
    { name: 'a', sha256: createToken().sha256, role: 'viewer' as const, agents: ['x'] },
  ];
  const config = loadConfig({ flags: { tokens } });
  tokens[0]!.agents.push('y');
  assert.deepEqual(config.tokens[0]!.agents, ['x']);
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' ||
    value === null ||
    (Object.isFrozen(value) && Object.values(value).every(frozen));
  assert.ok(frozen(config));
});

test('an unknown key is refused by its full name with the one that was meant', () => {
  const error = refusal({ file: yamlFile('workers: 1\nlimits:\n  contnet_bytes: 5\n') });
  assert.match(
    error.message,
    /^limits\.contnet_bytes is not a setting; did you mean limits\.content_bytes\? \(.*, line 3\)$/,
  );
  assert.equal(error.details.field, 'limits.contnet_bytes');
  assert.equal(error.details.source, 'file');
});

test('a key in the wrong section is pointed to its own', () => {
  const [problem] = problemsOf({ file: yamlFile('mailbox_bytes: 5') });
  assert.match(problem!.message, /did you mean limits\.mailbox_bytes\?/);
});

test('keys that objects inherit are unknown like any other', () => {
  const file = yamlFile('__proto__: {workers: 9}\nconstructor: 1\nlimits: {toString: 2}');
  assert.deepEqual(
    problemsOf({ file }).map((problem) => problem.field),
    ['__proto__', 'constructor', 'limits.toString'],
  );
});

test('every problem of every source is listed with its source', () => {
  const file = yamlFile('workers: 0\nlog: {level: loud}\nhistory: [1]');
  const env = {
    CAXTON_LIMITS__AGENTS: 'many',
    CAXTON_RATE_LIMITS__ENABLED: 'maybe',
    CAXTON_X: '1',
  };
  const problems = problemsOf({ file, env, flags: { limits: { content_bytes: 9 * 1024 * 1024 } } });
  assert.deepEqual(problems.map(({ source, field }) => `${source} ${field}`).sort(), [
    'env CAXTON_X',
    'env limits.agents',
    'env rate_limits.enabled',
    'file history',
    'file log.level',
    'file workers',
    'flag limits.content_bytes',
  ]);
  assert.match(problems.find((p) => p.field === 'workers')!.message, /at least 1, not 0/);
  assert.match(problems.find((p) => p.field === 'log.level')!.message, /trace, debug, info/);
  assert.match(problems.find((p) => p.field === 'limits.agents')!.message, /CAXTON_LIMITS__AGENTS/);
});

test('values that units can not read are refused with an example', () => {
  for (const [env, pattern] of [
    [{ CAXTON_HTTP: '8080' }, /http is not HOST:PORT/],
    [{ CAXTON_HTTP: '::1:8080' }, /http is not HOST:PORT/],
    [{ CAXTON_GRPC: 'localhost:70000' }, /grpc is not HOST:PORT/],
    [{ CAXTON_LIMITS__CONTENT_BYTES: '1 potato' }, /limits\.content_bytes is not a size/],
    [{ CAXTON_HISTORY__MAX_AGE: '7 days' }, /history\.max_age is not a duration/],
    [{ CAXTON_DEFAULTS__CPU: '2000m' }, /defaults\.cpu is not a cpu limit/],
    [{ CAXTON_DEFAULTS__CPU: '10' }, /defaults\.cpu is not a cpu limit/],
  ] as const) {
    assert.match(refusal({ env }).message, pattern);
  }
});

test('an unknown CAXTON_ variable is refused, and those of clients are let be', () => {
  const error = refusal({ env: { CAXTON_WORKRES: '4' } });
  assert.match(error.message, /CAXTON_WORKRES is not a setting; did you mean CAXTON_WORKERS\?/);
  assert.equal(error.details.source, 'env');
  assert.match(refusal({ env: { CAXTON_TOKENS: 'x' } }).message, /config file alone/);
  const env = { CAXTON_TOKEN: 'x', CAXTON_URL: 'http://x', CAXTON_REQUIRE_TOOLCHAINS: '1' };
  assert.deepEqual(loadConfig({ env }), loadConfig());
});

test('an empty variable counts as not set', () => {
  const env = { CAXTON_WORKERS: '', CAXTON_CONFIG: '', CAXTON_UNKNOWN: '' };
  assert.deepEqual(loadConfig({ env }), loadConfig());
});

test('two variables for one setting are refused', () => {
  const twice = refusal({ env: { CAXTON_DATA: 'a', CAXTON_DATA_DIR: 'b' } });
  assert.match(twice.message, /CAXTON_DATA_DIR sets data_dir, which CAXTON_DATA sets too/);
  const parts = refusal({ env: { CAXTON_HTTP: 'localhost:1', CAXTON_HTTP__PORT: '2' } });
  assert.match(parts.message, /CAXTON_HTTP__PORT sets http\.port, which CAXTON_HTTP sets too/);
});

test('broken YAML is refused with its line', () => {
  const duplicate = refusal({ file: yamlFile('workers: 1\nworkers: 2\n') });
  assert.match(duplicate.message, /line 2: .*unique/);
  assert.match(refusal({ file: yamlFile('a: b\n  c: [') }).message, /line 2: /);
  assert.match(refusal({ file: yamlFile('- a\n- b\n') }).message, /must hold settings/);
  assert.match(refusal({ file: yamlFile('workers: !secret 3') }).message, /line 1: /);
  const bomb = `a: &a [x]\n${'bcdefghij'
    .split('')
    .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghi'[i]}`)}]`)
    .join('\n')}\n`;
  assert.match(refusal({ file: yamlFile(bomb) }).message, /alias/i);
});

test('a file that can not be read is refused by name', () => {
  const error = refusal({ file: join(folder, 'missing.yaml') });
  assert.match(error.message, /missing\.yaml can't be read: ENOENT/);
  assert.match(refusal({ file: folder }).message, /can't be read: EISDIR/);
});

test('an empty file and an empty section change nothing', () => {
  for (const text of ['', '# nothing\n', 'limits:\n  # content_bytes: 1\n', '---\n']) {
    assert.deepEqual(loadConfig({ file: yamlFile(text) }), loadConfig());
  }
});

test('limits that do not fit one another are refused with what to change', () => {
  const ring = refusal({ flags: { limits: { ring_bytes: 4 * 1024 * 1024 } } });
  assert.equal(ring.details.field, 'limits.ring_bytes');
  assert.equal(ring.details.source, 'flag');
  assert.match(ring.message, /Raise limits\.ring_bytes or lower limits\.content_bytes/);
  const odd = refusal({ flags: { limits: { ring_bytes: 9 * 1024 * 1024 } } });
  assert.match(odd.message, /^limits\.ring_bytes \(9437184\) must be a power of two/);
  const content = refusal({ env: { CAXTON_LIMITS__CONTENT_BYTES: '5MiB' } });
  assert.equal(content.details.source, 'env');
  const mailbox = refusal({ file: yamlFile('limits: {mailbox_bytes: 1MiB}') });
  assert.equal(mailbox.details.field, 'limits.mailbox_bytes');
});

test('limits that are accepted keep the relations that the program asserts', () => {
  const content = fc.integer({ min: 1, max: LIMITS.content_bytes_max });
  fc.assert(
    fc.property(content, fc.integer({ min: 16, max: 30 }), (content_bytes, ring_bits) => {
      const limits = { content_bytes, ring_bytes: 2 ** ring_bits, mailbox_bytes: 2 ** 30 };
      let accepted: boolean;
      try {
        loadConfig({ flags: { limits } });
        accepted = true;
      } catch {
        accepted = false;
      }
      if (accepted) assertLimitRelations(content_bytes, limits.ring_bytes);
      else assert.throws(() => assertLimitRelations(content_bytes, limits.ring_bytes));
    }),
  );
});

test('a wrong flag is named as it is written on the command line', () => {
  assert.match(refusal({ flags: { workers: 99 } }).message, /at most 64, not 99\. \(--workers\)/);
  assert.match(refusal({ flags: { http: 'x' } }).message, /\(--http\)/);
});

test('tokens are checked entry by entry, and a token in place of its hash stays secret', () => {
  const { token } = createToken();
  const text = `tokens:\n  - name: a\n    sha256: ${token}\n    role: boss\n  - name: b\n`;
  const error = refusal({ file: yamlFile(text) });
  assert.deepEqual((error.details.problems as Problem[]).map((problem) => problem.field).sort(), [
    'tokens[0].role',
    'tokens[0].sha256',
    'tokens[1].role',
    'tokens[1].sha256',
  ]);
  assert.ok(!JSON.stringify([error.message, error.details]).includes(token));
});

test('a token in clear text is told where its hash belongs', () => {
  const error = refusal({
    file: yamlFile('tokens:\n  - name: a\n    role: viewer\n    token: abc\n'),
  });
  assert.match(
    error.message,
    /tokens\[0\]\.token is not a setting; did you mean tokens\[\]\.sha256\?/,
  );
});

test('two tokens may not share a name or a hash', () => {
  const entry = (name: string, sha256: string) => ({ name, sha256, role: 'viewer' as const });
  const a = createToken().sha256;
  const names = refusal({ flags: { tokens: [entry('x', a), entry('x', createToken().sha256)] } });
  assert.match(names.message, /tokens\[1\]\.name/);
  const hashes = refusal({ flags: { tokens: [entry('x', a), entry('y', a)] } });
  assert.match(hashes.message, /tokens\[1\]\.sha256/);
});

test('any flags are accepted whole or refused as INVALID_REQUEST', () => {
  const anything = fc.object({
    key: fc.constantFrom(
      'http',
      'host',
      'limits',
      'agents',
      'tokens',
      'cpu',
      'defaults',
      '__proto__',
      'x',
    ),
    maxDepth: 3,
  });
  fc.assert(
    fc.property(anything, (flags) => {
      try {
        loadConfig({ flags });
      } catch (error) {
        assert.ok(error instanceof CaxtonError && error.code === 'INVALID_REQUEST', String(error));
      }
      assert.equal(Object.getPrototypeOf(loadConfig()), Object.prototype);
    }),
  );
});

test('a key that is no name is quoted, with its line', () => {
  for (const [text, field, line] of [
    ['workers: 1\n: 2', '""', 2],
    ['? \n: 2', '""', 1],
    ['log:\n  "a b": 1', 'log."a b"', 2],
    ['"x.y": 1', '"x.y"', 1],
  ] as const) {
    const [problem] = problemsOf({ file: yamlFile(text) });
    assert.equal(problem!.field, field);
    assert.match(problem!.message, new RegExp(`line ${line}\\)$`));
  }
});

test('a value that holds itself by an alias is refused by its name', () => {
  for (const [text, name] of [
    ['http: &a\n  host: *a', 'http.host'],
    ['tokens: &a [*a]', 'tokens[0]'],
    ['workers: &a [1, { b: *a }]', 'workers[1].b'],
  ] as const) {
    const [problem] = problemsOf({ file: yamlFile(text) });
    assert.match(problem!.message, new RegExp(`: ${name.replace(/[[\].]/g, '\\$&')} holds itself`));
  }
});

test('of a long value an error shows the beginning', () => {
  const text = `workers: [${Array(5_000).fill('"0123456789"').join(', ')}]`;
  const [problem] = problemsOf({ file: yamlFile(text) });
  assert.match(problem!.message, /^workers must be a whole number, not \["0123456789",.*…\. \(/);
  assert.ok(problem!.message.length < 400);
});
