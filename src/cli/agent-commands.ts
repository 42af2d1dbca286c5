import { type Command, Option } from 'commander';
import { AGENT_STATES } from '../runtime/types.js';
import { addAgentDeploy } from './agent-deploy.js';
import { addAgentReload, addAgentUpdate } from './agent-update.js';
import { addAgentValidate } from './agent-validate.js';
import type {
  AgentDetails,
  AgentLogs,
  AgentMetrics,
  AgentPage,
  RemoveAnswer,
  StartAnswer,
  StopAnswer,
} from './answers.js';
import { addClientOptions, clientOf, outputOf } from './client-options.js';
import { durationSeconds, wholeNumber } from './option-values.js';
import { columns, record } from './output.js';
import { pageFooter } from './paging.js';
import { printable } from './printable.js';

/** The API's path of an agent. */
function agentPath(agent: string, rest = ''): string {
  return `/api/v1/agents/${encodeURIComponent(agent)}${rest}`;
}

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

interface ListOptions {
  readonly status?: string;
  readonly limit?: number;
  readonly offset?: number;
}

function addList(group: Command): void {
  group
    .command('list')
    .description('list agents, oldest first')
    .addOption(new Option('--status <state>', 'only agents in this state').choices(AGENT_STATES))
    .option('--limit <n>', 'most agents to show', wholeNumber(1))
    .option('--offset <n>', 'how many agents to pass over', wholeNumber(0))
    .action(async (options: ListOptions, command: Command) => {
      const page = await clientOf(command).get<AgentPage>('/api/v1/agents', { ...options });
      outputOf(command).print(page.text, () => agentTable(page.value));
    });
}

function agentTable(page: AgentPage): string {
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
    .action(async (agent: string, _: object, command: Command) => {
      const answer = await clientOf(command).get<AgentDetails>(agentPath(agent));
      outputOf(command).print(answer.text, () => agentRecord(answer.value));
    });
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
    .action(async (agent: string, options: StopOptions, command: Command) => {
      const answer = await clientOf(command).post<StopAnswer>(agentPath(agent, '/stop'), {
        grace_period_seconds: options.grace,
        drain_messages: options.drain,
      });
      outputOf(command).print(answer.text, () => record(answer.value));
    });
}

function addStart(group: Command): void {
  group
    .command('start')
    .description('start an agent that is stopped or failed')
    .argument('<agent>', 'id or name')
    .action(async (agent: string, _: object, command: Command) => {
      const answer = await clientOf(command).post<StartAnswer>(agentPath(agent, '/start'));
      outputOf(command).print(answer.text, () => record(answer.value));
    });
}

function addRemove(group: Command): void {
  group
    .command('remove')
    .description('remove an agent with its stored data; its messages stay in the history')
    .argument('<agent>', 'id or name')
    .action(async (agent: string, _: object, command: Command) => {
      const answer = await clientOf(command).delete<RemoveAnswer>(agentPath(agent));
      outputOf(command).print(answer.text, () => record(answer.value));
    });
}

function addLogs(group: Command): void {
  group
    .command('logs')
    .description('show the last lines that an agent logged, oldest first')
    .argument('<agent>', 'id or name')
    .option('--limit <n>', 'most lines to show', wholeNumber(1))
    .action(async (agent: string, options: { limit?: number }, command: Command) => {
      const path = agentPath(agent, '/logs');
      const answer = await clientOf(command).get<AgentLogs>(path, { ...options });
      outputOf(command).print(answer.text, () => logText(answer.value));
    });
}

function logText(logs: AgentLogs): string {
  if (logs.lines.length === 0) return `${logs.agent_id} has logged nothing since it was started.`;
  return logs.lines
    .map((line) => `${line.timestamp} ${line.level.padEnd(5)} ${printable(line.text)}`)
    .join('\n');
}

function addMetrics(group: Command): void {
  group
    .command('metrics')
    .description('show figures of one agent over a period')
    .argument('<agent>', 'id or name')
    .option('--period <period>', 'how far back: 1m, 5m, 1h or 24h (default: 1h)')
    .action(async (agent: string, options: { period?: string }, command: Command) => {
      const path = `/api/v1/metrics/agents/${encodeURIComponent(agent)}`;
      const answer = await clientOf(command).get<AgentMetrics>(path, { ...options });
      outputOf(command).print(answer.text, () => metricsRecord(answer.value));
    });
}

function metricsRecord({ agent_id, period, metrics }: AgentMetrics): string {
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
