import { bounceAgent } from '../harness/agents.js';
import { CaxtonServer, type ServerOptions } from '../harness/caxton.js';
import { runScript } from '../harness/child.js';
import type { Context } from '../harness/context.js';
import { takeTurns } from '../harness/turns.js';
import type { RingClientInput } from '../load/ring-client.js';
import { UNDER_WAY } from '../load/under-way.js';
import { PING, PONG, volley } from './volley.js';

const IN_FLIGHT = UNDER_WAY.agent_to_agent;
const FRAME_BYTES = 200;

const HISTORY_OFF = { CAXTON_HISTORY__ENABLED: 'false' };
const WITHOUT_HISTORY: Record<string, ServerOptions> = {
  same_worker_no_history: { workers: 1, env: HISTORY_OFF },
  two_workers_no_history: { workers: 2, env: HISTORY_OFF },
};

/** Two agents that send each other messages, on one worker and on two, beside the raw ring. */
export async function run(context: Context): Promise<void> {
  const servers: Record<string, ServerOptions> = {
    same_worker: { workers: 1 },
    two_workers: { workers: 2 },
    ...(!context.smoke && WITHOUT_HISTORY),
  };
  const started: Record<string, CaxtonServer> = {};
  try {
    for (const [name, options] of Object.entries(servers)) {
      const server = await CaxtonServer.start(options);
      started[name] = server;
      // The second one goes to the other worker, where there is one.
      await server.deploy(PING, await bounceAgent(PONG));
      await server.deploy(PONG, await bounceAgent(PING));
    }
    await compare(context, started);
  } finally {
    for (const server of Object.values(started)) await server.stop();
  }
}

async function compare(context: Context, servers: Record<string, CaxtonServer>): Promise<void> {
  const seconds = context.seconds(1.5);
  const contestants = Object.entries(servers).map(([name, server]) => [
    name,
    () => volley(server, IN_FLIGHT, seconds),
  ]);
  const { ring, ...rates } = await takeTurns<string>(context.rounds, {
    ring: () => rawRing(seconds),
    ...Object.fromEntries(contestants),
  });
  for (const [name, values] of Object.entries(rates)) {
    context.report({
      name: `agent_to_agent_${name}`,
      unit: 'messages/s',
      values,
      baselines: ring as number[],
      baselineIs: `the raw ring with a WebAssembly echo, ${IN_FLIGHT} frames under way`,
    });
  }
}

async function rawRing(seconds: number): Promise<number> {
  const input: RingClientInput = { payloadBytes: FRAME_BYTES, window: IN_FLIGHT, seconds };
  return (await runScript<{ perSecond: number }>('load/ring-client.js', input)).perSecond;
}
