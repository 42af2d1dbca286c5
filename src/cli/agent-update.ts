import type { ReloadAgentInput, UpdateAgentInput } from '@caxton/sdk';
import { type Command, Option } from 'commander';
import { DEPLOYMENT_STRATEGIES, RELOAD_STRATEGIES } from '../runtime/deploy/plan.js';
import { type ConfigOptions, configOf, given } from './agent-deploy.js';
import { printAnswer } from './client-options.js';
import { UsageError } from './failures.js';
import {
  durationText,
  entries,
  jsonObject,
  list,
  numberWithin,
  readBytes,
  wholeNumber,
} from './option-values.js';
import { record } from './output.js';

type Update = Omit<UpdateAgentInput, 'agent_id'>;
type ReloadConfig = NonNullable<ReloadAgentInput['config']>;

interface UpdateOptions extends ConfigOptions {
  readonly wasm?: string;
  readonly strategy?: Update['strategy'];
}

/** `caxton agent update` */
export function addAgentUpdate(group: Command): void {
  group
    .command('update')
    .description('change the config of an agent, its module, or both')
    .argument('<agent>', 'id or name')
    .option('--wasm <file>', 'the new module: a .wasm file')
    .option('--version <version>', 'the new version; default: the minor number goes up')
    .option('--memory <size>', 'most memory, such as 50MB or 64MiB')
    .option('--cpu <limit>', 'fuel per message (100000), or a share of one core (100m)')
    .option('--env <key=value>', 'an entry that the agent reads; may be repeated', entries)
    .option('--capability <name>', 'what the agent offers; may be repeated', list)
    .option(
      '--config <json>',
      'parts of the config as JSON, or @file; the other options override it',
      jsonObject,
    )
    .addOption(
      new Option('--strategy <strategy>', 'how to go about it (default: immediate)').choices(
        DEPLOYMENT_STRATEGIES,
      ),
    )
    .action((agent: string, options: UpdateOptions, command: Command) => {
      const update = updateOf(options);
      return printAnswer(command, (client) => client.updateAgent(agent, update), record);
    });
}

function updateOf({ wasm, strategy, ...options }: UpdateOptions): Update {
  const config = configOf(options);
  const changes = Object.keys(config).length > 0;
  if (wasm === undefined && !changes) {
    throw new UsageError('Nothing would change: give --wasm FILE, or what of the config changes.');
  }
  return {
    ...given('wasmModule', wasm === undefined ? undefined : readBytes(wasm)),
    ...given('config', changes ? config : undefined),
    ...given('strategy', strategy),
  };
}

interface ReloadOptions {
  readonly version?: string;
  readonly strategy?: ReloadConfig['strategy'];
  readonly trafficSplit?: number;
  readonly trial?: string;
  readonly rollback: boolean;
  readonly errorThreshold?: number;
  readonly latencyThreshold?: number;
}

/** `caxton agent reload` */
export function addAgentReload(group: Command): void {
  group
    .command('reload')
    .description('replace the module of an agent without downtime')
    .argument('<agent>', 'id or name')
    .argument('<file>', 'the new module: a .wasm file')
    .option('--version <version>', 'the new version; default: the minor number goes up')
    .addOption(
      new Option('--strategy <strategy>', 'how to go about it (default: graceful)').choices(
        RELOAD_STRATEGIES,
      ),
    )
    .option(
      '--traffic-split <percent>',
      'share of new conversations that the new version begins with',
      wholeNumber(1),
    )
    .option('--trial <duration>', 'how long both versions run side by side', durationText)
    .option('--no-rollback', 'go on whatever errors and latency the new version shows')
    .option('--error-threshold <share>', 'messages that may fail, 0 to 1', numberWithin(0, 1))
    .option('--latency-threshold <ms>', 'largest 99th percentile of latency', wholeNumber(1))
    .action((agent: string, file: string, options: ReloadOptions, command: Command) => {
      const reload = { wasmModule: readBytes(file), config: reloadConfig(options) };
      return printAnswer(command, (client) => client.reloadAgent(agent, reload), record);
    });
}

function reloadConfig(options: ReloadOptions): ReloadConfig {
  return {
    ...given('version', options.version),
    ...given('strategy', options.strategy),
    ...given('traffic_split', options.trafficSplit),
    ...given('trial', options.trial),
    ...given('rollback_on_error', options.rollback ? undefined : false),
    ...given('error_threshold', options.errorThreshold),
    ...given('latency_threshold_ms', options.latencyThreshold),
  };
}
