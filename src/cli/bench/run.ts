import { writeFileSync } from 'node:fs';
import type { SystemStatusOutput } from '@caxton/sdk';
import { CaxtonError } from '../../base/errors.js';
import type { Connection } from '../connection.js';
import { UsageError } from '../failures.js';
import type { Output } from '../output.js';
import { StopSignals } from '../stop-signals.js';
import { type Findings, resultOf } from './findings.js';
import { Measurement } from './measurement.js';
import { Progress } from './progress.js';
import type { BenchResult } from './result.js';
import { SampleAgents } from './sample-agents.js';
import { type BenchSettings, isGrpc, messageTo } from './settings.js';
import { textReport } from './text-report.js';
import { errorOf, LoadThreads } from './threads.js';
import { count, numbered, seconds } from './units.js';

export interface BenchRun {
  readonly connection: Connection;
  readonly output: Output;
  readonly settings: BenchSettings;
  /** None = echo agents are deployed. */
  readonly agents: readonly string[];
  readonly echoAgents?: number;
  /** Whether a message that failed is a failure of the command. */
  readonly failOnErrors?: boolean;
  readonly html?: string;
  readonly quiet?: boolean;
}

/** What stands before a name where messages go to more than one agent, or to any that fits. */
const MANY = /^(capability|broadcast):/;

/**
 * Loads a server, prints what came of it, and leaves no agents behind.
 * @throws ApiError, UnreachableError when the server is not there or refuses; the most frequent
 * reason when no message was answered or, by `failOnErrors`, when any failed; a CaxtonError that
 * tells why none was sent
 */
export async function runBench(run: BenchRun): Promise<void> {
  const samples = new SampleAgents(run.connection);
  const progress = new Progress(run.quiet === true);
  const stop = new StopSignals(() => {
    progress.end();
    samples.tellLeft();
  });
  try {
    const server = (await run.connection.ask((client) => client.systemStatus())).value;
    await reachTransport(run, stop.signal);
    const agents = await receiversOf(run, samples, progress, stop.signal);
    await tryOut(run, agents, stop.signal);
    const findings = await measure(run, agents, server, progress, stop.signal);
    progress.end();
    await report(run, findings);
  } catch (error) {
    progress.end();
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error;
    process.stderr.write('stopped before the load began\n');
  } finally {
    await samples.remove();
    stop.dispose();
  }
}

/** @throws UnreachableError when gRPC is chosen, which has an address of its own, and is not there */
async function reachTransport({ settings }: BenchRun, signal: AbortSignal): Promise<void> {
  if (!isGrpc(settings.transport)) return;
  const { reachGrpc } = await import('./grpc-probe.js');
  await reachGrpc(settings, signal);
}

/** @throws ApiError when an agent is not there, or none may be deployed */
async function receiversOf(
  { connection, agents, echoAgents = 1 }: BenchRun,
  samples: SampleAgents,
  progress: Progress,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (agents.length === 0) {
    progress.note(`deploying ${numbered(echoAgents, 'echo agent')}`);
    await samples.deploy(echoAgents, signal);
    return samples.names;
  }
  for (const name of agents) {
    if (!MANY.test(name)) await connection.ask((client) => client.getAgent(name, { signal }));
  }
  return agents;
}

/**
 * Sends one message to each agent over REST, so that what is wrong with all of them is told at once,
 * and in the server's own words.
 */
async function tryOut(
  { connection, settings }: BenchRun,
  agents: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { wait, persist, timeout_ms } = settings.message;
  for (const agent of agents) {
    const message = {
      ...messageTo(agent, settings.message),
      ...(wait && { wait, timeout_ms }),
      ...(persist && { options: { persist } }),
    };
    await connection.ask((client) => client.sendMessage(message, { signal }));
  }
}

async function measure(
  run: BenchRun,
  agents: readonly string[],
  server: SystemStatusOutput,
  progress: Progress,
  signal: AbortSignal,
): Promise<Findings> {
  const { settings } = run;
  const { threads: threadCount, warmup_ms } = settings.load;
  const measurement = new Measurement(threadCount, (second) => progress.second(second));
  const threads = new LoadThreads(settings, agents);
  try {
    await threads.open(signal);
    const startedAt = new Date();
    if (warmup_ms > 0) progress.note(`warming up for ${seconds(warmup_ms)}`);
    const measure_ms = await threads.run(measurement, signal);
    const elapsed_ms = Math.max(0, measurement.ended_ms - measure_ms);
    const interrupted = signal.aborted;
    return { ...{ settings, agents, server, measurement, startedAt, elapsed_ms }, interrupted };
  } finally {
    await threads.close();
  }
}

async function report({ output, html, failOnErrors }: BenchRun, findings: Findings): Promise<void> {
  const result = resultOf(findings);
  output.print(JSON.stringify(result), () => textReport(result));
  if (html !== undefined) await writeReport(html, result);
  if (result.messages.answered === 0) refuseNothing(result);
  if (failOnErrors === true) refuseFailed(result);
}

/** @throws when any message failed */
function refuseFailed({ errors, messages }: BenchResult): void {
  const [worst] = errors;
  if (worst === undefined) return;
  const some = `${count(messages.failed)} of ${numbered(messages.sent, 'message')} failed`;
  throw errorOf({ code: worst.code, message: `${some}, most by: ${worst.first_message}` });
}

/** @throws when no message was answered, and nobody stopped the load before one could be */
function refuseNothing({ errors, interrupted, messages, settings }: BenchResult): void {
  const [worst] = errors;
  if (worst !== undefined) throw errorOf({ code: worst.code, message: worst.first_message });
  if (interrupted) return;
  const isNoneDue = settings.rate_per_second !== null && messages.unsent === 0;
  const why = isNoneDue
    ? `none was due within ${seconds(settings.duration_ms)}. Raise --rate or --duration.`
    : 'those of the warm-up took all places on connections until the end. Raise --duration, --connections or --in-flight.';
  throw new CaxtonError('TIMEOUT', `No message that counts was answered: ${why}`);
}

async function writeReport(file: string, result: BenchResult): Promise<void> {
  const { htmlReport } = await import('./html-report.js');
  try {
    writeFileSync(file, htmlReport(result));
  } catch (error) {
    throw new UsageError(`--html: ${file} can't be written: ${(error as Error).message}.`);
  }
}
