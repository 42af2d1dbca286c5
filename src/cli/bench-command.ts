import { type Command, InvalidArgumentError, Option } from 'commander';
import { LIMITS } from '../base/limits.js';
import { normalizePerformative, PERFORMATIVES, type Performative } from '../fipa/performative.js';
import { type BenchOptions, PAYLOAD_DEFAULT_BYTES, settingsOf } from './bench/options.js';
import { TRANSPORTS } from './bench/settings.js';
import { addClientOptions, connectionOf, outputOf } from './client-options.js';
import { byteSize, durationMs, jsonValue, numberWithin, wholeNumber } from './option-values.js';

const AFTER_HELP = `
With --rate, messages are due by a fixed schedule, and the latency of each is counted from when it
was due, also where it had to wait for a free place: what a slow server holds back is not left out.
Without, each place sends the next message when the last one is answered.

A server takes 1,000 messages a second by default: start it with --no-rate-limits for a load.

  caxton bench                                     deploys an echo agent, loads it, removes it
  caxton bench echo --rate 2000 --duration 1m --html report.html
  caxton bench a b --transport ws --in-flight 100 --no-wait`;

/** `caxton bench` */
export function addBenchCommand(program: Command): void {
  const command = addClientOptions(program.command('bench'))
    .description('load a running server, and tell rate and latencies')
    .argument('[agent...]', 'who gets the messages, in turns; default: echo agents for the time');
  addLoadOptions(command);
  addMessageOptions(command);
  command
    .option('--fail-on-errors', 'exit with 1 when any message failed')
    .option('--html <file>', 'also write a report with charts into a file')
    .option('--quiet', 'no progress on stderr')
    .addHelpText('after', AFTER_HELP)
    .action(async (agents: string[], options: BenchOptions, own: Command) => {
      const output = outputOf(own);
      const connection = connectionOf(own);
      const settings = settingsOf(options, agents, connection.address);
      // Loaded here, so that the other commands start without it.
      const { runBench } = await import('./bench/run.js');
      await runBench({ ...options, connection, output, settings, agents });
    });
}

function addLoadOptions(command: Command): void {
  command
    .option(
      '--echo-agents <n>',
      'deploy so many echo agents, and remove them at the end (default: 1)',
      wholeWithin(1, LIMITS.bench_echo_agents),
    )
    .addOption(
      new Option('--transport <transport>', 'how messages are sent')
        .choices(TRANSPORTS)
        .default('rest'),
    )
    .option(
      '--grpc <host:port>',
      'where gRPC is served (default: port 50051 of the server)',
      address,
    )
    .addOption(value('--connections <n>', 'connections', 10, LIMITS.bench_connections))
    .addOption(value('--in-flight <n>', 'messages under way on each', 1, LIMITS.bench_in_flight))
    .addOption(value('--threads <n>', 'threads that make the load', 1, LIMITS.bench_threads))
    .option(
      '--rate <n>',
      'messages in a second by a fixed schedule (default: as fast as they are answered)',
      numberWithin(0.01, LIMITS.bench_rate_per_second),
    )
    .option('--duration <duration>', 'how long, such as 30s (default: 10s)', loadDuration)
    .option('--count <n>', 'end after so many messages', wholeNumber(1))
    .addOption(
      new Option('--warmup <duration>', 'load before it that does not count')
        .argParser(durationMs)
        .default(1_000, '1s'),
    );
}

function addMessageOptions(command: Command): void {
  command
    .option('--wait', 'wait for the reply to each message (default)')
    .option('--no-wait', 'wait until messages are accepted, not for replies')
    .option('--persist', 'wait until messages are on disk')
    .option('--performative <act>', 'the FIPA act (default: request; inform with --no-wait)', act)
    .addOption(
      new Option(
        '--payload <size>',
        `make a text of so many bytes the content (default: ${PAYLOAD_DEFAULT_BYTES})`,
      )
        .argParser(byteSize)
        .conflicts('content'),
    )
    .option('--content <json>', 'the content as JSON, @file, or - for standard input', jsonValue)
    .addOption(
      new Option('--timeout <duration>', 'after which a message has failed')
        .argParser(waitDuration)
        .default(LIMITS.wait_default_ms, '30s'),
    );
  refuseTogether(command, 'wait', 'no-wait');
}

/** For an option and its opposite, of which commander takes the last. */
function refuseTogether(command: Command, ...names: readonly string[]): void {
  const given = new Set<string>();
  for (const name of names) {
    command.on(`option:${name}`, () => {
      given.add(name);
      if (given.size === 1) return;
      command.error(`error: option '--${names[0]}' cannot be used with option '--${names[1]}'`);
    });
  }
}

function value(flags: string, description: string, standard: number, most: number): Option {
  return new Option(flags, description).argParser(wholeWithin(1, most)).default(standard);
}

function wholeWithin(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Write a whole number from ${least} to ${most}.`);
  };
}

function loadDuration(text: string): number {
  return durationWithin(text, LIMITS.bench_duration_max_ms, '24h');
}

function waitDuration(text: string): number {
  return durationWithin(text, LIMITS.wait_max_ms, '10m');
}

function durationWithin(text: string, most_ms: number, most: string): number {
  const duration_ms = durationMs(text);
  if (duration_ms >= 1 && duration_ms <= most_ms) return duration_ms;
  throw new InvalidArgumentError(`Write a duration from 1ms to ${most}.`);
}

function act(text: string): Performative {
  const performative = normalizePerformative(text);
  if (performative !== undefined) return performative;
  throw new InvalidArgumentError(`Write one of ${PERFORMATIVES.join(', ')}.`);
}

function address(text: string): string {
  if (/^(\[[\da-f:]+\]|[^\s:/]+):\d{1,5}$/i.test(text)) return text;
  throw new InvalidArgumentError('Write HOST:PORT, such as 127.0.0.1:50051.');
}
