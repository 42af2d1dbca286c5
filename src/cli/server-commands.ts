import type { SystemMetricsOutput } from '@caxton/sdk';
import type { Command } from 'commander';
import { addClientOptions, connectionOf, printAnswer } from './client-options.js';
import { record } from './output.js';

/** `caxton server …` */
export function addServerCommands(program: Command): void {
  const group = addClientOptions(program.command('server').description('ask how a server does'));
  group
    .command('status')
    .description('show version, age and size of the server')
    .action((_: object, command: Command) =>
      printAnswer(command, (client) => client.systemStatus(), record),
    );
  group
    .command('metrics')
    .description('show figures of the whole server')
    .option('--prometheus', 'print the text that Prometheus reads, whatever --output says')
    .action(async (options: { prometheus?: boolean }, command: Command) => {
      if (options.prometheus) {
        const { text } = await connectionOf(command).ask((client) => client.prometheusMetrics());
        process.stdout.write(text);
        return;
      }
      await printAnswer(command, (client) => client.systemMetrics(), metricsRecord);
    });
}

function metricsRecord({
  timestamp,
  agents,
  messages,
  resources,
  performance,
}: SystemMetricsOutput): string {
  return record({
    timestamp,
    agents: `${agents.total}: ${agents.running} running, ${agents.failed} failed`,
    messages_processed: messages.total_processed,
    messages_per_second: messages.rate_per_second,
    messages_waiting: messages.queue_size,
    latency_p50_ms: performance.message_latency_p50,
    latency_p99_ms: performance.message_latency_p99,
    agent_spawn_time_ms: performance.agent_spawn_time_ms,
    cpu_usage_percent: resources.cpu_usage_percent,
    memory_used_mb: resources.memory_used_mb,
    memory_available_mb: resources.memory_available_mb,
    disk_used_gb: resources.disk_used_gb,
  });
}
