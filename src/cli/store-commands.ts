import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CaxtonError } from '../base/errors.js';
import { addOutputOption, outputOf } from './client-options.js';
import { UsageError } from './failures.js';
import { record } from './output.js';

interface CheckOptions {
  readonly data?: string;
  readonly config?: string;
}

/** `caxton store …`, which asks no server: it works on the files of one that is stopped. */
export function addStoreCommands(program: Command): void {
  const group = addOutputOption(
    program.command('store').description('work on the store of a server that is stopped'),
  );
  group
    .command('check')
    .description('read all of a store, change nothing, and tell what is damaged')
    .option('--data <dir>', 'folder of the store (default: ./caxton-data)')
    .option('--config <file>', 'config file in YAML that names it (env: CAXTON_CONFIG)')
    .action(async (options: CheckOptions, command: Command) => {
      const dir = await dataDirOf(options);
      const path = join(dir, 'store.mdb');
      if (!existsSync(path)) throw new UsageError(`there is no store in ${dir}`);
      const report = await check(dir, path);
      const result = { store: path, sound: report.damages.length === 0, ...report };
      outputOf(command).print(JSON.stringify(result), () => checkText(result));
      if (result.sound) return;
      throw new CaxtonError(
        'INTERNAL_ERROR',
        `The store in ${dir} is damaged. Restore a backup of store.mdb, or move that file away to begin with an empty store.`,
        { damages: report.damages.length },
      );
    });
}

async function dataDirOf({ data, config }: CheckOptions): Promise<string> {
  // Loaded here, as below, so that the other commands start without it.
  const { loadConfig } = await import('../config/load-config.js');
  try {
    const flags = data === undefined ? {} : { data_dir: data };
    return loadConfig({ file: config, env: process.env, flags }).data_dir;
  } catch (error) {
    if (error instanceof CaxtonError) throw new UsageError(error.message);
    throw error;
  }
}

async function check(dir: string, path: string) {
  const { lockDirectory } = await import('../store/directory-lock.js');
  const { checkStructure } = await import('../store/structure-check.js');
  const { recordDamage } = await import('../store/record-check.js');
  const unlock = await lockDirectory(dir);
  try {
    const { damages, tables } = checkStructure(path, { record: recordDamage });
    return {
      damages,
      tables: Object.fromEntries(tables.map((table) => [table.name, table.entries])),
    };
  } finally {
    unlock();
  }
}

type CheckResult = Awaited<ReturnType<typeof check>> & { store: string; sound: boolean };

function checkText({ store, sound, tables, damages }: CheckResult): string {
  const facts = record({ store, sound: sound ? 'yes' : 'no', ...tables });
  return [facts, ...damages.map(({ part, what }) => `damaged: ${part}: ${what}`)].join('\n');
}
