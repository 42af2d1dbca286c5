import { basename, extname } from 'node:path';
import type { AgentConfig } from '@caxton/sdk';
import type { Command } from 'commander';
import { addConfigOptions, type ConfigOptions, configOf } from './agent-deploy.js';
import { addClientOptions, connectionOf, outputOf } from './client-options.js';
import { UsageError } from './failures.js';

interface WatchOptions extends ConfigOptions {
  readonly name?: string;
  readonly remove?: boolean;
}

/** `caxton dev …` */
export function addDevCommands(program: Command): void {
  const group = addClientOptions(program.command('dev').description('work on an agent'));
  const command = group
    .command('watch')
    .description('deploy a module, and bring each change of its file to the agent')
    .argument('<file>', 'the module: a .wasm file, which may be there only later')
    .option('--name <name>', 'the agent’s name; default: that of the file')
    .option('--remove', 'remove the agent at the end');
  addConfigOptions(command).action(async (file: string, options: WatchOptions, own: Command) => {
    const output = outputOf(own);
    const config = configFor(file, options);
    const { DevWatch } = await import('./dev-watch.js');
    const watch = new DevWatch(connectionOf(own), output, {
      file,
      config,
      remove: options.remove === true,
    });
    await watch.run();
  });
}

function configFor(file: string, options: WatchOptions): AgentConfig {
  const name = options.name ?? options.config?.name ?? nameOf(file);
  return { ...configOf(options), name: name as string };
}

/** A file's name as an agent's: `dist/my agent.wasm` → `my-agent`. */
function nameOf(file: string): string {
  const name = basename(file, extname(file))
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '');
  if (name !== '') return name;
  throw new UsageError(`No agent can be named by ${file}: give --name NAME.`);
}
