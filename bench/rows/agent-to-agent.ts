import { setTimeout as delay } from 'node:timers/promises';
import { bounceAgent } from '../harness/agents.js';
import { CaxtonServer, type ServerOptions } from '../harness/caxton.js';
import { runScript } from '../harness/child.js';
import type { Context } from '../harness/context.js';
import { sampleMessage } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import type { RingClientInput } from '../load/ring-client.js';

const IN_FLIGHT = 256;
const FRAME_BYTES = 200;
const PING = 'ping-0001';
const PONG = 'pong-0001';

const HISTORY_OFF = { CAXTON_HISTORY__ENABLED: 'false' };

/** Two agents that send each other messages, on one worker and on two, beside the raw ring. */
export async function run(context: Context): Promise<void> {
  const servers: Record<string, ServerOptions> = {
    same_worker: { workers: 1 },
    two_workers: { workers: 2 },
    same_worker_no_history: { workers: 1, env: HISTORY_OFF },
    two_workers_no_history: { workers: 2, env: HISTORY_OFF },
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
  const seconds = context.seconds(2);
  const contestants = Object.entries(servers).map(([name, server]) => [
    name,
    () => volley(server, seconds),
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

/** Messages that both agents handle in a second, with as many under way as were put in. */
export async function volley(server: CaxtonServer, seconds: number): Promise<number> {
  const dead = await server.counter('caxton_dead_letters_total');
  const ball = { ...sampleMessage(PING), conversation_id: undefined, reply_with: undefined };
  const send = (message: object) => server.call('POST', '/api/v1/messages', message);
  await Promise.all(Array.from({ length: IN_FLIGHT }, () => send(ball)));
  const first = await sample(server);
  await delay(seconds * 1_000);
  const last = await sample(server);
  await send({ ...ball, performative: 'cancel' });
  await server.settled();
  const [ping, pong] = [await server.counts(PING), await server.counts(PONG)];
  if ((await server.counter('caxton_dead_letters_total')) > dead) throw new Error('messages failed');
  // All that ping sent came to pong, and back, but for those that were under way at the end.
  if (Math.abs(ping.processed - pong.processed) > pong.processed / 10 + 4 * IN_FLIGHT) {
    throw new Error(`ping handled ${ping.processed} messages and pong ${pong.processed}`);
  }
  if (last.processed === first.processed) throw new Error('the agents did not answer each other');
  return ((last.processed - first.processed) / (last.atMs - first.atMs)) * 1_000;
}

/** Asking takes its time on a busy server: the figure is about that of the middle of it. */
async function sample(server: CaxtonServer): Promise<{ processed: number; atMs: number }> {
  const before = performance.now();
  const processed = await server.processed();
  return { processed, atMs: (before + performance.now()) / 2 };
}
