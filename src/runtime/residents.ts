import type { WorkerChannel } from '../pool/worker-channel.js';
import type { Agent } from './agent.js';

/** Which agent lives in which slot of which worker. */
export class Residents {
  readonly #bySlot = new Map<WorkerChannel, Map<number, Agent>>();

  add(channel: WorkerChannel, slot: number, agent: Agent): void {
    agent.channel = channel;
    agent.slot = slot;
    const slots = this.#bySlot.get(channel) ?? new Map<number, Agent>();
    slots.set(slot, agent);
    this.#bySlot.set(channel, slots);
  }

  remove(agent: Agent): void {
    if (agent.channel === undefined) return;
    this.#bySlot.get(agent.channel)?.delete(agent.slot);
    agent.channel = undefined;
    agent.ready = false;
  }

  at(channel: WorkerChannel, slot: number): Agent | undefined {
    return this.#bySlot.get(channel)?.get(slot);
  }

  count(channel: WorkerChannel): number {
    return this.#bySlot.get(channel)?.size ?? 0;
  }

  /** The agents of a worker that died; they live nowhere now. */
  orphan(channel: WorkerChannel): Agent[] {
    const agents = [...(this.#bySlot.get(channel)?.values() ?? [])];
    for (const agent of agents) {
      agent.channel = undefined;
      agent.ready = false;
    }
    this.#bySlot.delete(channel);
    return agents;
  }
}
