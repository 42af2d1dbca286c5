import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readLatest } from '../../bench/harness/results.js';
import { gitCommit, isCommit } from '../../bench/harness/versions.js';
import { readProfiles } from '../../bench/profile/profiles.js';
import { packageFile } from '../../src/base/package-file.js';

const git = (cwd: string, ...args: string[]): string => {
  const name = ['-c', 'user.name=a', '-c', 'user.email=a@example.org'];
  const { stdout, stderr, status } = spawnSync('git', [...name, ...args], {
    cwd,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
  return stdout.trim();
};

test('a commit is marked where files that are measured differ from it, and only there', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'caxton-versions-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  assert.ok(!isCommit(gitCommit(folder)), 'there is none');
  const files = ['src/a.ts', 'docs/a.svg', 'bench/results/latest.json', 'bench/README.md'];
  const write = (file: string, text: string) => writeFileSync(join(folder, file), text);
  for (const path of ['src', 'docs', 'bench/results']) {
    mkdirSync(join(folder, path), { recursive: true });
  }
  for (const file of files) write(file, 'first');
  git(folder, 'init', '-q');
  git(folder, 'add', '.');
  git(folder, 'commit', '-q', '-m', 'first');
  const commit = git(folder, 'rev-parse', '--short', 'HEAD');
  for (const file of files.slice(1)) write(file, 'second');
  assert.equal(gitCommit(folder), commit);
  write('src/a.ts', 'second');
  assert.equal(gitCommit(folder), `${commit}-changed`);
  assert.deepEqual([isCommit(commit), isCommit(`${commit}-changed`)], [true, false]);
});

const inFull = (): boolean => {
  const args = ['rev-parse', '--is-shallow-repository'];
  return spawnSync('git', args, { cwd: packageFile(), encoding: 'utf8' }).stdout === 'false\n';
};

test('the commits that the page names exist', { skip: !inFull() && 'no full history' }, () => {
  const measured = [readLatest()?.commit ?? '', ...readProfiles().profiles.map((p) => p.commit)];
  for (const commit of new Set(measured.filter(isCommit))) {
    assert.equal(git(packageFile(), 'cat-file', '-t', commit), 'commit', commit);
  }
});
