import { setTimeout as delay } from 'node:timers/promises';
import type { CaxtonServer } from '../harness/caxton.js';
import { sampleMessage } from '../harness/sample-message.js';

export const PING = 'ping-0001';
export const PONG = 'pong-0001';

/**
 * Messages that the agents PING and PONG, which send each other one for each that they get, handle
 * in a second, with so many under way.
 */
export async function volley(
  server: CaxtonServer,
  inFlight: number,
  seconds: number,
): Promise<number> {
  const before = await handled(server);
  const ball = { ...sampleMessage(PING), conversation_id: undefined, reply_with: undefined };
  const send = (message: object) => server.call('POST', '/api/v1/messages', message);
  await Promise.all(Array.from({ length: inFlight }, () => send(ball)));
  const first = await sample(server);
  await delay(seconds * 1_000);
  const last = await sample(server);
  await send({ ...ball, performative: 'cancel' });
  await server.settled();
  const after = await handled(server);
  if (after.dead > before.dead) throw new Error('agents failed messages');
  // What one sent came to the other, but for what ping was told by us and let drop in the end.
  const [ping, pong] = [after.ping - before.ping, after.pong - before.pong];
  if (pong === 0 || ping < pong || ping > pong + 2 * inFlight + 1) {
    throw new Error(`ping handled ${ping} messages and pong ${pong}`);
  }
  return ((last.processed - first.processed) / (last.atMs - first.atMs)) * 1_000;
}

async function handled(
  server: CaxtonServer,
): Promise<{ ping: number; pong: number; dead: number }> {
  return {
    ping: (await server.counts(PING)).processed,
    pong: (await server.counts(PONG)).processed,
    dead: await server.counter('caxton_dead_letters_total'),
  };
}

/** Asking takes its time on a busy server: the figure is about that of the middle of it. */
async function sample(server: CaxtonServer): Promise<{ processed: number; atMs: number }> {
  const before = performance.now();
  const processed = await server.processed();
  return { processed, atMs: (before + performance.now()) / 2 };
}
