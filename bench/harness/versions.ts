import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { packageFile } from '../../src/base/package-file.js';
import { VERSION } from '../../src/base/version.js';

const PACKAGES = [
  'uws-current',
  'uws-legacy',
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
  const versions: Record<string, string> = { caxton: VERSION };
  for (const name of PACKAGES) {
    const manifest = packageFile('node_modules', name, 'package.json');
    if (!existsSync(manifest)) continue;
    versions[name] = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
  }
  for (const [name, args] of PROGRAMS) {
    const { error, stdout, stderr } = spawnSync(name, args, { encoding: 'utf8' });
    if (error === undefined) versions[name] = (stdout || stderr).split('\n')[0]?.trim() ?? '';
  }
  return versions;
}

/** The commit, with a mark when files differ from it. */
export function gitCommit(): string {
  const git = (...args: string[]) =>
    spawnSync('git', args, { cwd: packageFile(), encoding: 'utf8' }).stdout?.trim() ?? '';
  const commit = git('rev-parse', '--short', 'HEAD');
  if (commit === '') return 'unknown';
  return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}-changed`;
}
