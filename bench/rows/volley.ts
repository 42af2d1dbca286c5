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
  const dead = await server.counter('caxton_dead_letters_total');
  const ball = { ...sampleMessage(PING), conversation_id: undefined, reply_with: undefined };
  const send = (message: object) => server.call('POST', '/api/v1/messages', message);
  await Promise.all(Array.from({ length: inFlight }, () => send(ball)));
  const first = await sample(server);
  await delay(seconds * 1_000);
  const last = await sample(server);
  await send({ ...ball, performative: 'cancel' });
  await server.settled();
  const [ping, pong] = [await server.counts(PING), await server.counts(PONG)];
  if ((await server.counter('caxton_dead_letters_total')) > dead)
    throw new Error('messages failed');
  // All that ping sent came to pong, and back, but for those that were under way at the end.
  if (Math.abs(ping.processed - pong.processed) > pong.processed / 10 + 4 * inFlight) {
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
