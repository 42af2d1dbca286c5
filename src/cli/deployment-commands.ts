import type {
  Deployment,
  DeploymentStrategy,
  ListDeploymentsInput,
  ListDeploymentsOutput,
} from '@caxton/sdk';
import { type Command, Option } from 'commander';
import { DEPLOYMENT_STRATEGIES } from '../runtime/deploy/plan.js';
import { DEPLOYMENT_STATUSES } from '../runtime/deploy/state.js';
import { given } from './agent-deploy.js';
import { addClientOptions, printAnswer } from './client-options.js';
import {
  durationText,
  numberWithin,
  readBytes,
  type Stage,
  stages,
  wholeNumber,
} from './option-values.js';
import { columns, record } from './output.js';
import { pageFooter } from './paging.js';

/** `caxton deployment …` */
export function addDeploymentCommands(program: Command): void {
  const group = addClientOptions(
    program.command('deployment').description('replace the version of an agent, step by step'),
  );
  addCreate(group);
  addStatus(group);
  addRollback(group);
  addList(group);
}

interface CreateOptions {
  readonly version?: string;
  readonly strategy: DeploymentStrategy['type'];
  readonly stages?: readonly Stage[];
  readonly batchSize?: number;
  readonly cleanupDelay?: string;
  readonly rollback: boolean;
  readonly errorThreshold?: number;
  readonly latencyThreshold?: number;
}

function addCreate(group: Command): void {
  group
    .command('create')
    .description('begin to replace the version of an agent')
    .argument('<agent>', 'id or name')
    .argument('<file>', 'the new module: a .wasm file')
    .option('--version <version>', 'the new version; default: the minor number goes up')
    .addOption(
      new Option('--strategy <strategy>', 'how to go about it')
        .choices(DEPLOYMENT_STRATEGIES)
        .default('immediate'),
    )
    .option('--stages <stages>', 'for canary: percentages and durations, 10:5m,50:10m,100', stages)
    .option('--batch-size <n>', 'for rolling: instances replaced at a time', wholeNumber(1))
    .option(
      '--cleanup-delay <duration>',
      'for blue_green: how long to keep the old version',
      durationText,
    )
    .option('--no-rollback', 'go on whatever errors and latency the new version shows')
    .option('--error-threshold <share>', 'messages that may fail, 0 to 1', numberWithin(0, 1))
    .option('--latency-threshold <ms>', 'largest 99th percentile of latency', wholeNumber(1))
    .action((agent: string, file: string, options: CreateOptions, command: Command) => {
      const deployment = {
        agent_id: agent,
        wasmModule: readBytes(file),
        version: options.version,
        strategy: strategyOf(options),
      };
      return printAnswer(command, (client) => client.createDeployment(deployment), record);
    });
}

function strategyOf(options: CreateOptions): DeploymentStrategy {
  return {
    type: options.strategy,
    ...given('stages', options.stages),
    ...given('batch_size', options.batchSize),
    ...given('cleanup_delay', options.cleanupDelay),
    ...given('rollback_on_error', options.rollback ? undefined : false),
    ...given('error_threshold', options.errorThreshold),
    ...given('latency_threshold_ms', options.latencyThreshold),
  };
}

function addStatus(group: Command): void {
  group
    .command('status')
    .description('show a deployment or a hot reload: stage, share and figures')
    .argument('<deployment_id>', 'its id')
    .action((deploymentId: string, _: object, command: Command) =>
      printAnswer(command, (client) => client.getDeployment(deploymentId), deploymentText),
    );
}

function deploymentText({ metrics, stages: begun, ...deployment }: Deployment): string {
  const facts = record({
    ...deployment,
    success_rate: metrics.success_rate.toFixed(4),
    error_count: metrics.error_count,
    latency_p99_ms: metrics.latency_p99,
  });
  if (begun.length === 0) return facts;
  const table = columns(
    ['stage', 'percentage', 'status', 'started', 'completed'],
    begun.map((stage) => [
      stage.stage,
      `${stage.percentage}%`,
      stage.status,
      stage.started_at,
      stage.completed_at,
    ]),
  );
  return `${facts}\n\n${table}`;
}

function addRollback(group: Command): void {
  group
    .command('rollback')
    .description('give everything back to the version from before')
    .argument('<deployment_id>', 'its id')
    .option('--reason <text>', 'why; it stays on record')
    .action((deploymentId: string, options: { reason?: string }, command: Command) =>
      printAnswer(command, (client) => client.rollbackDeployment(deploymentId, options), record),
    );
}

type ListOptions = Omit<ListDeploymentsInput, 'agent_id'> & { readonly agent?: string };

function addList(group: Command): void {
  group
    .command('list')
    .description('list deployments and hot reloads, newest first')
    .option('--agent <agent>', 'only those of this agent: id or name')
    .addOption(
      new Option('--status <status>', 'only those in this status').choices(DEPLOYMENT_STATUSES),
    )
    .option('--limit <n>', 'most deployments to show', wholeNumber(1))
    .option('--offset <n>', 'how many deployments to pass over', wholeNumber(0))
    .action(({ agent, ...options }: ListOptions, command: Command) => {
      const input = { agent_id: agent, ...options };
      return printAnswer(command, (client) => client.listDeployments(input), deploymentTable);
    });
}

function deploymentTable(page: ListDeploymentsOutput): string {
  const { deployments, total } = page;
  const next = page.next_offset === undefined ? undefined : `--offset ${page.next_offset}`;
  const table = columns(
    ['created', 'strategy', 'status', 'share', 'from', 'to', 'agent_id', 'deployment_id'],
    deployments.map((deployment) => [
      deployment.created_at,
      deployment.strategy,
      deployment.status,
      `${deployment.current_percentage}%`,
      deployment.from_version,
      deployment.to_version,
      deployment.agent_id,
      deployment.deployment_id,
    ]),
  );
  return table + pageFooter(deployments.length, total, 'deployments', next);
}
