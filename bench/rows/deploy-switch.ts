import { setTimeout as delay } from 'node:timers/promises';
import { echoAgent } from '../harness/agents.js';
import { CaxtonServer } from '../harness/caxton.js';
import type { Context } from '../harness/context.js';
import { askingMessage } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import { measureHttp } from '../load/measure-http.js';

const ECHO = 'echo-0001';
const STATUS_MS = 60_000;

interface Deployment {
  readonly deployment_id: string;
  readonly status: string;
  readonly current_percentage?: number;
  /** Of the new version; the latency is 0 until it has handled a message. */
  readonly metrics: { readonly latency_p99: number };
}

/** Throughput while a canary takes half of the new conversations, beside that without one. */
export async function run(context: Context): Promise<void> {
  const server = await CaxtonServer.start();
  try {
    await server.deploy(ECHO, echoAgent());
    const ask = () =>
      measureHttp({
        url: server.url('/api/v1/messages?wait=true'),
        message: askingMessage(ECHO),
        connections: 64,
        seconds: context.seconds(2),
        server,
      });
    const rates = await takeTurns(context.rounds, {
      none: ask,
      canary: () => duringCanary(server, ask),
    });
    context.report({
      name: 'deploy_switch',
      unit: 'requests/s',
      values: rates.canary,
      baselines: rates.none,
      baselineIs: 'the same server with no deployment under way',
    });
  } finally {
    await server.stop();
  }
}

async function duringCanary(server: CaxtonServer, load: () => Promise<number>): Promise<number> {
  const { deployment_id } = await server.call<Deployment>('POST', '/api/v1/deployments', {
    agent_id: ECHO,
    wasm_module: Buffer.from(echoAgent()).toString('base64'),
    strategy: {
      type: 'canary',
      stages: [
        { percentage: 50, duration: '10m' },
        { percentage: 100, duration: '0' },
      ],
    },
  });
  const path = `/api/v1/deployments/${deployment_id}`;
  await until(server, path, (now) => now.status === 'in_progress' && now.current_percentage === 50);
  const rate = await load();
  // Latencies are put together from time to time.
  await until(server, path, ({ metrics }) => metrics.latency_p99 > 0);
  await server.call('POST', `${path}/rollback`, { reason: 'measured' });
  await until(server, path, ({ status }) => status === 'rolled_back');
  return rate;
}

async function until(
  server: CaxtonServer,
  path: string,
  reached: (deployment: Deployment) => boolean,
): Promise<void> {
  const end = performance.now() + STATUS_MS;
  while (!reached(await server.call<Deployment>('GET', path))) {
    if (performance.now() > end) throw new Error(`${path} did not come so far`);
    await delay(20);
  }
}
