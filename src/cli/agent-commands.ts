import type {
  AgentDetails,
  AgentLogsInput,
  AgentLogsOutput,
  AgentMetricsInput,
  AgentMetricsOutput,
  ListAgentsInput,
  ListAgentsOutput,
} from '@caxton/sdk';
import { type Command, Option } from 'commander';
import { AGENT_STATES } from '../runtime/types.js';
import { addAgentDeploy } from './agent-deploy.js';
import { addAgentReload, addAgentUpdate } from './agent-update.js';
import { addAgentValidate } from './agent-validate.js';
import { addClientOptions, printAnswer } from './client-options.js';
import { logLine } from './log-line.js';
import { durationSeconds, wholeNumber } from './option-values.js';
import { columns, record } from './output.js';
import { pageFooter } from './paging.js';

/** `caxton agent …` */
export function addAgentCommands(program: Command): void {
  const group = addClientOptions(
    program.command('agent').description('deploy, watch and end agents'),
  );
  addAgentDeploy(group);
  addAgentUpdate(group);
  addAgentReload(group);
  addList(group);
  addGet(group);
  addStop(group);
  addStart(group);
  addRemove(group);
  addLogs(group);
  addMetrics(group);
  addAgentValidate(group);
}

function addList(group: Command): void {
  group
    .command('list')
    .description('list agents, oldest first')
    .addOption(new Option('--status <state>', 'only agents in this state').choices(AGENT_STATES))
    .option('--limit <n>', 'most agents to show', wholeNumber(1))
    .option('--offset <n>', 'how many agents to pass over', wholeNumber(0))
    .action((options: ListAgentsInput, command: Command) =>
      printAnswer(command, (client) => client.listAgents(options), agentTable),
    );
}

function agentTable(page: ListAgentsOutput): string {
  const next = page.next_offset === undefined ? undefined : `--offset ${page.next_offset}`;
  const table = columns(
    ['name', 'status', 'version', 'memory', 'cpu', 'created', 'agent_id'],
    page.agents.map((agent) => [
      agent.name,
      agent.status,
      agent.version,
      agent.resources.memory_used,
      agent.resources.cpu_usage.toFixed(2),
      agent.created_at,
      agent.agent_id,
    ]),
  );
  return table + pageFooter(page.agents.length, page.total, 'agents', next);
}

function addGet(group: Command): void {
  group
    .command('get')
    .description('show one agent: limits, usage and counters')
    .argument('<agent>', 'id or name')
    .action((agent: string, _: object, command: Command) =>
      printAnswer(command, (client) => client.getAgent(agent), agentRecord),
    );
}

function agentRecord(agent: AgentDetails): string {
  const { deployment, metrics, resources } = agent;
  return record({
    agent_id: agent.agent_id,
    name: agent.name,
    status: agent.status,
    failure: agent.failure && `${agent.failure.code}: ${agent.failure.message}`,
    version: agent.version,
    created: agent.created_at,
    deployed: `${deployment.deployed_at} by ${deployment.deployed_by} (${deployment.strategy})`,
    memory: `${resources.usage.memory} of ${resources.limits.memory}`,
    cpu: `${resources.usage.cpu}, limit ${resources.limits.cpu}`,
    capabilities: agent.capabilities.join(', ') || 'none',
    messages_processed: metrics.messages_processed,
    messages_failed: metrics.messages_failed,
    mailbox_messages: metrics.mailbox_messages,
    average_latency_ms: metrics.average_latency_ms,
    last_message_fuel: metrics.last_message_fuel,
    fuel_total: metrics.fuel_total,
    restarts: metrics.restarts,
    uptime_seconds: metrics.uptime_seconds,
  });
}

interface StopOptions {
  readonly grace?: number;
  readonly drain: boolean;
}

function addStop(group: Command): void {
  group
    .command('stop')
    .description('stop an agent, after it has handled what waits for it')
    .argument('<agent>', 'id or name')
    .option('--grace <duration>', 'how long it may take, such as 30s', durationSeconds)
    .option('--no-drain', 'leave what waits for it unhandled')
    .action((agent: string, { grace, drain }: StopOptions, command: Command) => {
      const input = { grace_period_seconds: grace, drain_messages: drain };
      return printAnswer(command, (client) => client.stopAgent(agent, input), record);
    });
}

function addStart(group: Command): void {
  group
    .command('start')
    .description('start an agent that is stopped or failed')
    .argument('<agent>', 'id or name')
    .action((agent: string, _: object, command: Command) =>
      printAnswer(command, (client) => client.startAgent(agent), record),
    );
}

function addRemove(group: Command): void {
  group
    .command('remove')
    .description('remove an agent with its stored data; its messages stay in the history')
    .argument('<agent>', 'id or name')
    .action((agent: string, _: object, command: Command) =>
      printAnswer(command, (client) => client.removeAgent(agent), record),
    );
}

function addLogs(group: Command): void {
  group
    .command('logs')
    .description('show the last lines that an agent logged, oldest first')
    .argument('<agent>', 'id or name')
    .option('--limit <n>', 'most lines to show', wholeNumber(1))
    .action((agent: string, options: Pick<AgentLogsInput, 'limit'>, command: Command) =>
      printAnswer(command, (client) => client.agentLogs(agent, options), logText),
    );
}

function logText(logs: AgentLogsOutput): string {
  if (logs.lines.length === 0) return `${logs.agent_id} has logged nothing since it was started.`;
  return logs.lines.map(logLine).join('\n');
}

function addMetrics(group: Command): void {
  group
    .command('metrics')
    .description('show figures of one agent over a period')
    .argument('<agent>', 'id or name')
    .option('--period <period>', 'how far back: 1m, 5m, 1h or 24h (default: 1h)')
    .action((agent: string, options: Pick<AgentMetricsInput, 'period'>, command: Command) =>
      printAnswer(command, (client) => client.agentMetrics(agent, options), metricsRecord),
    );
}

function metricsRecord({ agent_id, period, metrics }: AgentMetricsOutput): string {
  const errors = metrics.errors.map((error) => `${error.count} × ${error.error}`).join('; ');
  return record({
    agent_id,
    period,
    messages_processed: metrics.messages_processed,
    messages_failed: metrics.messages_failed,
    average_latency_ms: metrics.average_latency_ms,
    latency_p99_ms: metrics.latency_p99_ms,
    cpu: `${metrics.cpu_usage.average} on average, ${metrics.cpu_usage.peak} at most`,
    memory_mb: `${metrics.memory_usage.average_mb} on average, ${metrics.memory_usage.peak_mb} at most`,
    errors: errors || 'none',
  });
}
