import { wallMs, wallUs } from '../base/clock.js';
import type { PlainError } from '../base/errors.js';
import type { Agent } from './agent.js';
import type { Launcher } from './launcher.js';

/**
 * The server stops: agents handle what waits for them, as far as it can be done in the time, and
 * are told. They stay `running` in the store, so that the next start brings them back.
 */
export async function shutDown(
  agents: readonly Agent[],
  launcher: Launcher,
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
  await Promise.race([Promise.allSettled(removals), sleep(withinMs)]);
  failWaiting(agents, launcher);
}

/** What nobody will handle any more must not vanish: its senders are told. */
export function failWaiting(agents: readonly Agent[], launcher: Launcher): void {
  const instances = agents.flatMap((agent) => agent.instances);
  // Failures that it causes come after it.
  for (const instance of [...instances, ...instances]) {
    launcher.failWaiting(instance, serverStopped(instance.agent));
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}

function serverStopped(agent: Agent): PlainError {
  return {
    code: 'UNAVAILABLE',
    message: `The server stopped before agent '${agent.id}' could handle the message.`,
    details: { agent_id: agent.id },
  };
}
