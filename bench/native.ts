import { spawnSync } from 'node:child_process';
import { packageFile } from '../src/base/package-file.js';
import { makeRow, type Report, type RunOptions } from './row.js';

/** The C++ ring and a natively compiled echo, built here where make and g++ are. */
export async function run(report: Report, options: RunOptions): Promise<void> {
  for (const tool of ['make', 'g++']) {
    if (spawnSync(tool, ['--version']).status === 0) continue;
    process.stderr.write(`native baselines skipped: ${tool} is not installed\n`);
    return;
  }
  const script = packageFile('native-bench', 'run.sh');
  const result = spawnSync('sh', options.smoke ? [script, '--smoke'] : [script], {
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`native-bench failed:\n${result.stderr}`);
  for (const line of result.stdout.trim().split('\n')) {
    const { name, value, unit } = JSON.parse(line) as { name: string; value: number; unit: string };
    report(makeRow(name, unit, value));
  }
}
