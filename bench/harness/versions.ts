import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { packageFile } from '../../src/base/package-file.js';
import { VERSION } from '../../src/base/version.js';
import { loadUws } from '../../src/transport/uws-loader.js';

const PACKAGES = [
  '@grpc/grpc-js',
  '@msgpack/msgpack',
  '@extism/extism',
  '@nats-io/transport-node',
  'autocannon',
  'fastify',
  'lmdb',
  'piscina',
  'protobufjs',
  'tinybench',
];

const PROGRAMS: ReadonlyArray<readonly [name: string, args: readonly string[]]> = [
  ['wrk', ['-v']],
  ['h2load', ['--version']],
  ['nats-server', ['--version']],
  ['g++', ['--version']],
];

/** What was measured, and by what. */
export function describeVersions(): Record<string, string> {
  const versions: Record<string, string> = { caxton: VERSION, uws: uwsVersion() };
  for (const name of PACKAGES) {
    const manifest = readManifest(name);
    if (manifest !== undefined) versions[name] = manifest.version;
  }
  for (const [name, args] of PROGRAMS) {
    const { error, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8' });
    if (error === undefined) versions[name] = (stdout || stderr).split('\n')[0]?.trim() ?? '';
  }
  return versions;
}

/** The uWebSockets.js that loads here, of the packages that may hold it. */
function uwsVersion(): string {
  const require = createRequire(import.meta.url);
  let loaded = '';
  loadUws(undefined, (specifier) => {
    loaded = specifier.split('/')[0] as string;
    return require(specifier) as unknown;
  });
  const manifest = readManifest(loaded);
  return manifest === undefined ? loaded : `${manifest.name} ${manifest.version}`;
}

function readManifest(name: string): { name: string; version: string } | undefined {
  const path = packageFile('node_modules', name, 'package.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** What is not measured: documentation, and what measuring itself writes. */
const NOT_MEASURED = ['docs', 'bench/results', '*.md'].map((path) => `:(exclude)${path}`);
const CHANGED = '-changed';

/** The commit of the files that are measured, with a mark when they differ from it. */
export function gitCommit(folder = packageFile()): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: folder, encoding: 'utf8' }).stdout?.trim() ?? '';
  const commit = git('rev-parse', '--short', 'HEAD');
  if (commit === '') return 'unknown';
  const changes = git('status', '--porcelain', '--untracked-files=no', '--', '.', ...NOT_MEASURED);
  return changes === '' ? commit : `${commit}${CHANGED}`;
}

/** Whether this names what was measured: it doesn't where files differed from it. */
export function isCommit(commit: string): boolean {
  return commit !== 'unknown' && !commit.endsWith(CHANGED);
}
