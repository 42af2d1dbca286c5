import type { WorkerChannel } from '../pool/worker-channel.js';
import type { Agent, Instance } from './agent.js';

/** Which instance lives in which slot of which worker. */
export class Residents {
  readonly #bySlot = new Map<WorkerChannel, Map<number, Instance>>();

  add(channel: WorkerChannel, slot: number, instance: Instance): void {
    instance.channel = channel;
    instance.slot = slot;
    const slots = this.#bySlot.get(channel) ?? new Map<number, Instance>();
    slots.set(slot, instance);
    this.#bySlot.set(channel, slots);
  }

  remove(instance: Instance): void {
    if (instance.channel === undefined) return;
    this.#bySlot.get(instance.channel)?.delete(instance.slot);
    leave(instance);
  }

  at(channel: WorkerChannel, slot: number): Instance | undefined {
    return this.#bySlot.get(channel)?.get(slot);
  }

  count(channel: WorkerChannel): number {
    return this.#bySlot.get(channel)?.size ?? 0;
  }

  /** How many instances of one agent live on a worker. */
  countOf(agent: Agent, channel: WorkerChannel): number {
    return agent.instances.filter((instance) => instance.channel === channel).length;
  }

  /** The instances of a worker that died; they live nowhere now. */
  orphan(channel: WorkerChannel): Instance[] {
    const instances = [...(this.#bySlot.get(channel)?.values() ?? [])];
    for (const instance of instances) {
      leave(instance);
    }
    this.#bySlot.delete(channel);
    return instances;
  }
}

function leave(instance: Instance): void {
  instance.channel = undefined;
  instance.ready = false;
  instance.memoryBytes = 0;
}
