import { wallMs, wallUs } from '../base/clock.js';
import { FRAME_DELIVER, FRAME_HEADER_BYTES, frameMark } from '../wire/frames.js';
import type { Agent } from './agent.js';
import type { Launcher } from './launcher.js';
import type { Pending } from './pending.js';

/**
 * The server stops: agents handle what waits for them, as far as it can be done in the time, and
 * are told. They stay `running` in the store, so that the next start brings them back.
 * @param underWay removals of other agents, which end with the rest
 */
export async function shutDown(
  agents: readonly Agent[],
  launcher: Launcher,
  underWay: ReadonlyArray<Promise<void>>,
  withinMs: number,
): Promise<void> {
  const instances = agents.flatMap((agent) => agent.instances);
  const deadlineMs = wallMs() + withinMs;
  for (const instance of instances) {
    instance.clearTimers();
    if (instance.ready) await launcher.idle(instance, Math.max(deadlineMs - wallMs(), 0));
    clearTimeout(instance.pause);
  }
  const removals = instances.map(async (instance) => {
    const { channel, slot } = instance;
    instance.ready = false;
    if (channel === undefined || channel.dead) return;
    await channel.remove(slot, true, wallUs()).catch(() => undefined);
    await launcher.idleRing(instance);
  });
  await Promise.race([Promise.allSettled([...removals, ...underWay]), sleep(withinMs)]);
}

/**
 * What nobody will handle any more waits on disk for the next start, whether or not it was sent with
 * `persist`. All of it gets new numbers, so that it keeps its order.
 */
export function keepWaiting(agents: readonly Agent[], pending: Pending): void {
  for (const { mailbox } of agents.flatMap((agent) => agent.instances)) {
    for (const frame of mailbox.takeAll()) {
      if (frame[0] !== FRAME_DELIVER) continue;
      pending.keep(frame.subarray(FRAME_HEADER_BYTES), true);
      pending.handled(frameMark(frame));
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
