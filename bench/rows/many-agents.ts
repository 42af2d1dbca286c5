import { setTimeout as delay } from 'node:timers/promises';
import { CaxtonServer } from '../harness/caxton.js';
import type { Context } from '../harness/context.js';
import { makeFolder, removeFolder } from '../harness/leftovers.js';
import { agentName, DEPLOYS, deployAgents } from '../harness/many-agents.js';
import { canReadMemory, readMemory } from '../harness/process-memory.js';
import { sampleMessage } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import { measureHttp } from '../load/measure-http.js';

const CONNECTIONS = 64;
const ALL_RUNNING_MS = 300_000;
/** So long after a load nothing of it is under way any more. */
const REST_MS = 2_000;
const KIB = 1024;

/** What it costs to have many agents: throughput, memory, deploys and the start of the server. */
export async function run(context: Context): Promise<void> {
  for (const agents of context.smoke ? [1_000] : [100, 1_000, 10_000]) {
    const folders = [makeFolder(), makeFolder()] as const;
    try {
      await withAgents(context, agents, folders);
    } finally {
      for (const folder of folders) removeFolder(folder);
    }
  }
}

async function withAgents(
  context: Context,
  agents: number,
  [dataOfOne, data]: readonly [string, string],
): Promise<void> {
  let one = await CaxtonServer.start({ data: dataOfOne });
  let many = await CaxtonServer.start({ data });
  try {
    await deployAgents(one, 1);
    const prefix = `many_agents_${agents}`;
    const better = 'lower';
    const deploySeconds = await deployAgents(many, agents);
    const deploy_ms = (deploySeconds * 1_000) / agents;
    const note = `${DEPLOYS} under way at a time, over REST`;
    context.report({
      name: `${prefix}_deploy`,
      unit: 'ms each',
      better,
      values: [deploy_ms],
      note,
    });
    await one.stop();
    await many.stop();
    const seconds = { one: 0, many: 0 };
    [one, seconds.one] = await startTimed(dataOfOne, 1);
    [many, seconds.many] = await startTimed(data, agents);
    context.report({
      name: `${prefix}_start`,
      unit: 's',
      better,
      values: [seconds.many],
      baselines: [seconds.one],
      baselineIs: 'a server with one agent',
    });
    await throughput(context, prefix, agents, one, many);
    if (canReadMemory()) await reportMemory(context, prefix, agents, one, many);
  } finally {
    await one.stop();
    await many.stop();
  }
}

/** Starts a server that has agents. @returns it, and how long it took until all ran, in seconds */
async function startTimed(data: string, agents: number): Promise<[CaxtonServer, number]> {
  const start = performance.now();
  const server = await CaxtonServer.start({ data });
  await allRunning(server, agents);
  return [server, (performance.now() - start) / 1_000];
}

async function allRunning(server: CaxtonServer, agents: number): Promise<void> {
  const end = performance.now() + ALL_RUNNING_MS;
  while ((await server.counter('caxton_agents{state="running"}')) < agents) {
    if (performance.now() > end) throw new Error('the agents did not start');
    await delay(20);
  }
}

/**
 * What each further agent takes beside the server with one, after both had the same load and each
 * agent has used its memory.
 */
async function reportMemory(
  context: Context,
  prefix: string,
  agents: number,
  one: CaxtonServer,
  many: CaxtonServer,
): Promise<void> {
  await delay(REST_MS);
  const [ofOne, ofAll] = [readMemory(one.pid), readMemory(many.pid)];
  const each_kib = (bytes: number): number => bytes / (agents - 1) / KIB;
  const resident = each_kib(ofAll.residentBytes - ofOne.residentBytes);
  const linear = each_kib(ofAll.linearBytes - ofOne.linearBytes);
  const common = { unit: 'KiB each', better: 'lower' } as const;
  context.report({ ...common, name: `${prefix}_memory`, values: [resident] });
  context.report({
    ...common,
    name: `${prefix}_overhead`,
    values: [resident - linear],
    note: `beside the ${linear.toFixed(1)} KiB of its linear memory that are in use`,
  });
}

async function throughput(
  context: Context,
  prefix: string,
  agents: number,
  one: CaxtonServer,
  many: CaxtonServer,
): Promise<void> {
  // The load generator has the same work for one agent as for many.
  const messages = (receivers: number) =>
    Array.from({ length: agents }, (_, i) => sampleMessage(agentName(i % receivers)));
  const send = (server: CaxtonServer, receivers: number) => {
    const message = messages(receivers);
    const load = { connections: CONNECTIONS, seconds: context.seconds(1) };
    return () => measureHttp({ ...load, url: server.url('/api/v1/messages'), message, server });
  };
  const rates = await takeTurns(context.rounds, { one: send(one, 1), many: send(many, agents) });
  context.report({
    name: `${prefix}_rate`,
    unit: 'requests/s',
    values: rates.many,
    baselines: rates.one,
    baselineIs: 'a server with one agent',
  });
}
