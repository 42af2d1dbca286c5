import type { WorkerChannel } from '../pool/worker-channel.js';
import type { Store } from '../store/store.js';
import type { DataUpdate } from '../wire/control.js';
import type { Instance } from './agent.js';

type Entry = readonly [key: Uint8Array, value: Uint8Array | undefined];

/**
 * Keeps the stored data of an agent the same on all workers that run instances of it. Each worker
 * has the data whole; what an instance writes is put in order here, goes to the store and from here
 * to the other workers, and is confirmed to its own, which until then keeps to what it wrote itself:
 * in the end all have the last write. An agent with one instance pays for none of it.
 */
export class DataReplicas {
  readonly #store: Store;
  /** What goes to each worker at the end of this turn of the event loop. */
  readonly #updates = new Map<WorkerChannel, DataUpdate[]>();
  /** Written while an instance waits for its data, to be put on top of what it reads. */
  readonly #joining = new Map<Instance, Entry[]>();
  #flush: NodeJS.Immediate | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * The data for an instance that has its place already and is about to be installed there.
   * To be handed over in the same turn of the event loop, or later writes are missing.
   */
  async join(instance: Instance): Promise<Array<[Uint8Array, Uint8Array]>> {
    const written: Entry[] = [];
    this.#joining.set(instance, written);
    try {
      for (const channel of this.#otherChannels(instance)) {
        // Answered when all that the worker wrote before has come here.
        await channel.shareData(instance.agent.id).catch(() => undefined);
      }
      const stored = await this.#store.agentData(instance.agent.id);
      return written.length === 0 ? stored : withEntries(stored, written);
    } finally {
      this.#joining.delete(instance);
    }
  }

  /**
   * An instance wrote an entry, or deleted it.
   * @param write the number that its worker gave the change
   */
  wrote(instance: Instance, key: Uint8Array, value: Uint8Array | undefined, write: number): void {
    const { agent, channel } = instance;
    if (agent.only !== undefined || channel === undefined) return;
    const others = new Set<WorkerChannel>();
    for (const other of agent.instances) {
      if (other === instance) continue;
      this.#joining.get(other)?.push([key, value]);
      if (other.channel !== undefined && other.channel !== channel) others.add(other.channel);
    }
    for (const other of others) this.#send(other, { agentId: agent.id, key, value });
    this.#send(channel, { agentId: agent.id, confirmed: write });
  }

  #otherChannels(instance: Instance): Set<WorkerChannel> {
    const channels = new Set<WorkerChannel>();
    for (const { channel } of instance.agent.instances) {
      if (channel !== undefined && channel !== instance.channel) channels.add(channel);
    }
    return channels;
  }

  #send(channel: WorkerChannel, update: DataUpdate): void {
    const updates = this.#updates.get(channel);
    if (updates === undefined) this.#updates.set(channel, [update]);
    else updates.push(update);
    this.#flush ??= setImmediate(() => {
      this.#flush = undefined;
      for (const [each, waiting] of this.#updates) each.updateData(waiting);
      this.#updates.clear();
    });
  }
}

function withEntries(
  stored: ReadonlyArray<[Uint8Array, Uint8Array]>,
  written: readonly Entry[],
): Array<[Uint8Array, Uint8Array]> {
  const entries = new Map(
    stored.map(([key, value]) => [
      Buffer.from(key).toString('latin1'),
      [key, value] as [Uint8Array, Uint8Array],
    ]),
  );
  for (const [key, value] of written) {
    const text = Buffer.from(key).toString('latin1');
    if (value === undefined) entries.delete(text);
    else entries.set(text, [key, value]);
  }
  return [...entries.values()];
}
