import type { AgentConfig, DeployAgentOutput } from '@caxton/sdk';
import type { Command } from 'commander';
import { printAnswer } from './client-options.js';
import { UsageError } from './failures.js';
import { entries, jsonObject, list, readBytes } from './option-values.js';
import { record } from './output.js';

/** Options that make up a config. */
export interface ConfigOptions {
  readonly version?: string;
  readonly memory?: string;
  readonly cpu?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly capability?: readonly string[];
  readonly config?: Readonly<Record<string, unknown>>;
}

interface DeployOptions extends ConfigOptions {
  readonly name?: string;
}

/** `caxton agent deploy` */
export function addAgentDeploy(group: Command): void {
  const command = group
    .command('deploy')
    .description('deploy a WebAssembly agent: check, meter, compile and start it')
    .argument('<file>', 'the module: a .wasm file')
    .option('--name <name>', 'its unique name; needed unless --config gives one');
  addConfigOptions(command).action((file: string, options: DeployOptions, command: Command) => {
    const config = deployConfig(options);
    const wasmModule = readBytes(file);
    return printAnswer(command, (client) => client.deployAgent({ wasmModule, config }), facts);
  });
}

/** The options that make up the config of a new agent. */
export function addConfigOptions(command: Command): Command {
  return command
    .option('--version <version>', 'its version')
    .option('--memory <size>', 'most memory, such as 50MB or 64MiB')
    .option('--cpu <limit>', 'fuel per message (100000), or a share of one core (100m)')
    .option('--env <key=value>', 'an entry that the agent reads; may be repeated', entries)
    .option('--capability <name>', 'what the agent offers; may be repeated', list)
    .option(
      '--config <json>',
      'the whole config as JSON, or @file; the other options override it',
      jsonObject,
    );
}

function deployConfig(options: DeployOptions): AgentConfig {
  const name = options.name ?? options.config?.name;
  if (name === undefined) {
    throw new UsageError('The agent needs a name: give --name NAME, or "name" in --config.');
  }
  return { ...configOf(options), name: name as string };
}

/** What the options say of a config. What --config holds is for the server to check. */
export function configOf(options: ConfigOptions): Partial<AgentConfig> {
  const base = options.config ?? {};
  return {
    ...base,
    ...given('version', options.version),
    ...given('resources', section(base.resources, options)),
    ...given('environment', merged(base.environment, options.env)),
    ...given('capabilities', options.capability),
  };
}

/** A field of an object, or none when it was not given. */
export function given(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

function section(base: unknown, { memory, cpu }: ConfigOptions): unknown {
  const own = { ...given('memory', memory), ...given('cpu', cpu) };
  return merged(base, Object.keys(own).length === 0 ? undefined : own);
}

function merged(base: unknown, own: object | undefined): unknown {
  if (own === undefined) return base;
  return typeof base === 'object' && base !== null ? { ...base, ...own } : own;
}

function facts(answer: DeployAgentOutput): string {
  return record({
    agent_id: answer.agent_id,
    name: answer.name,
    status: answer.status,
    version: answer.version,
    memory: answer.resource_limits.memory,
    cpu_fuel: answer.resource_limits.cpu_fuel,
    deployed: answer.deployed_at,
    deployment_id: answer.deployment_id,
  });
}
