import { uint32At } from '../../src/base/little-endian.js';
import type { WorkerChannel } from '../../src/pool/worker-channel.js';
import { RingConsumer } from '../../src/ring/consumer.js';
import { HEAD, TAIL } from '../../src/ring/layout.js';
import type { Instance } from '../../src/runtime/agent.js';
import { Replies } from '../../src/runtime/replies.js';
import { Residents } from '../../src/runtime/residents.js';
import { emptyDoneFrame, FRAME_BOUNCE, FRAME_DONE, readDoneHeader } from '../../src/wire/frames.js';
import { type Ledger, Violation } from './ledger.js';
import type { World } from './world.js';

/**
 * Looks into the main thread's parts: wraps three methods of the product, which then do what they
 * always did, and compares the books that it keeps with what lies in the rings.
 */
export class Probes {
  readonly channels = new Set<WorkerChannel>();
  readonly instances = new Set<Instance>();
  /** Of all channels there were: also those of dead workers must stay what rings are. */
  readonly #rings: Int32Array[] = [];
  readonly #byName = new Map<string, WorkerChannel>();
  readonly #ledger: Ledger;
  readonly #world: World;
  /** The last frame that the main thread knows to be finished. */
  readonly #finished = new Map<WorkerChannel, number>();

  constructor(world: World, ledger: Ledger) {
    this.#world = world;
    this.#ledger = ledger;
    present = this;
    ledger.isGivenUp = (worker) => this.#byName.get(worker)?.dead === true;
  }

  placed(channel: WorkerChannel, instance: Instance): void {
    if (!this.channels.has(channel)) {
      this.channels.add(channel);
      this.#rings.push(new Int32Array(channel.requestRing), new Int32Array(channel.replyRing));
    }
    this.instances.add(instance);
    this.#byName.set(`${channel.index}.${channel.generation}`, channel);
  }

  saw(channel: WorkerChannel, source: Buffer, offset: number): void {
    const kind = source[offset];
    if (kind !== FRAME_DONE && kind !== FRAME_BOUNCE) return;
    const sequence = uint32At(source, offset + 8);
    this.#finished.set(channel, sequence);
    if (kind === FRAME_BOUNCE) {
      this.#world.count('frames bounced');
      return;
    }
    const done = emptyDoneFrame();
    readDoneHeader(channel.replyView, offset, done);
    this.#ledger.done(`${channel.index}.${channel.generation}`, sequence, done.outcome);
    this.#world.count('frames done');
  }

  forget(): void {
    this.channels.clear();
    this.instances.clear();
    this.#byName.clear();
    this.#rings.length = 0;
    this.#finished.clear();
  }

  /** Positions and bounds: true at every moment, also in the midst of somebody's step. */
  checkBounds(): void {
    for (const words of this.#rings) checkRing(words);
    for (const { mailbox, config, timers, agent } of this.instances) {
      // Timers are never refused.
      const limit = config.mailboxMessages + timers.size + TIMERS_UNDER_WAY;
      if (mailbox.size > limit) {
        throw new Violation(
          `${mailbox.size} messages in the mailbox of ${agent.name}: over ${limit}`,
        );
      }
      if (mailbox.inRing < 0 || mailbox.inRingBytes < 0) {
        throw new Violation(`${agent.name} has ${mailbox.inRing} frames in its ring`);
      }
    }
  }

  /** Between two steps of the main thread: its counters and what the rings hold. */
  checkBooks(): void {
    for (const channel of this.channels) {
      if (channel.dead) {
        this.channels.delete(channel);
        continue;
      }
      let inRing = 0;
      for (const instance of this.instances) {
        if (instance.channel === channel) inRing += instance.mailbox.inRing;
      }
      const found = this.#unfinished(channel);
      if (inRing === channel.inFlight && found === inRing) continue;
      throw new Violation(
        `worker ${channel.index}: mailboxes count ${inRing} frames in the ring, the channel ${channel.inFlight}, the rings have ${found}; ${[...this.instances].map((i) => `${i.agent.name}#${i.number} ${i.agent.state} on ${i.channel?.index}.${i.channel?.generation} slot ${i.slot}: ${i.mailbox.inRing}`)}; ${channel.generation} ${channel.dead}`,
      );
    }
    for (const instance of this.instances) {
      if (instance.channel === undefined && instance.mailbox.inRing === 0 && !isKept(instance)) {
        this.instances.delete(instance);
      }
    }
  }

  #unfinished(channel: WorkerChannel): number {
    let finished = this.#finished.get(channel) ?? 0;
    let count = 0;
    const replies = new RingConsumer(channel.replyRing, channel.generation);
    while (replies.next()) {
      const bytes = Buffer.from(replies.bytes.buffer, replies.bytes.byteOffset);
      const kind = bytes[replies.offset];
      if (kind !== FRAME_DONE && kind !== FRAME_BOUNCE) continue;
      finished = uint32At(bytes, replies.offset + 8);
      count += 1;
    }
    const requests = new RingConsumer(channel.requestRing, channel.generation);
    while (requests.next()) {
      const bytes = Buffer.from(requests.bytes.buffer, requests.bytes.byteOffset);
      if (uint32At(bytes, requests.offset + 8) > finished) count += 1;
    }
    return count;
  }
}

const TIMERS_UNDER_WAY = 40;

function isKept({ version }: Instance): boolean {
  return version.agent.state !== 'unloaded';
}

function checkRing(words: Int32Array): void {
  const used = ((words[TAIL] as number) - (words[HEAD] as number)) | 0;
  if (used >= 0 && used <= words.byteLength) return;
  throw new Violation(`a ring's tail is ${used} bytes before its head`);
}

let present: Probes | undefined;

/** Once per process. */
export function installProbes(): void {
  const { frame } = Replies.prototype;
  Replies.prototype.frame = function (channel, source, offset, length) {
    present?.saw(channel, source, offset);
    frame.call(this, channel, source, offset, length);
  };
  const { add } = Residents.prototype;
  Residents.prototype.add = function (channel, slot, instance) {
    present?.placed(channel, instance);
    add.call(this, channel, slot, instance);
  };
}
