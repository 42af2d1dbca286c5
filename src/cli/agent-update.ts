import { basename } from 'node:path';
import { type Command, Option } from 'commander';
import { DEPLOYMENT_STRATEGIES, RELOAD_STRATEGIES } from '../runtime/deploy/plan.js';
import { type ConfigOptions, configOf, given } from './agent-deploy.js';
import type { ReloadAnswer, UpdateAnswer } from './answers.js';
import { clientOf, outputOf } from './client-options.js';
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

interface UpdateOptions extends ConfigOptions {
  readonly wasm?: string;
  readonly strategy?: string;
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
    .action(async (agent: string, options: UpdateOptions, command: Command) => {
      const body = updateBody(options);
      const path = `/api/v1/agents/${encodeURIComponent(agent)}`;
      const answer = await clientOf(command).put<UpdateAnswer>(path, body);
      outputOf(command).print(answer.text, () => record({ ...answer.value }));
    });
}

function updateBody({ wasm, strategy, ...options }: UpdateOptions): Record<string, unknown> {
  const config = configOf(options);
  const changes = Object.keys(config).length > 0;
  if (wasm === undefined && !changes) {
    throw new UsageError('Nothing would change: give --wasm FILE, or what of the config changes.');
  }
  return {
    ...given('wasm_module', wasm && readBytes(wasm).toString('base64')),
    ...given('config', changes ? config : undefined),
    ...given('strategy', strategy),
  };
}

interface ReloadOptions {
  readonly version?: string;
  readonly strategy?: string;
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
    .action(async (agent: string, file: string, options: ReloadOptions, command: Command) => {
      const form = new FormData();
      const bytes = new Uint8Array(readBytes(file));
      form.append('wasm', new Blob([bytes], { type: 'application/wasm' }), basename(file));
      form.append('config', JSON.stringify(reloadConfig(options)));
      const path = `/api/v1/agents/${encodeURIComponent(agent)}/reload`;
      const answer = await clientOf(command).putForm<ReloadAnswer>(path, form);
      outputOf(command).print(answer.text, () => record({ ...answer.value }));
    });
}

function reloadConfig(options: ReloadOptions): Record<string, unknown> {
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
