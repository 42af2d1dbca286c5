import { monotonicUs } from '../base/clock.js';
import { FRAME_DELIVER, FRAME_HEADER_BYTES, writeFrameHeader } from '../wire/frames.js';
import type { Instance } from './agent.js';

const STARVED_RETRY_MS = 2;

/**
 * Moves messages into agents' rings: at once where the agent takes them and nothing waits before
 * them, otherwise by way of the mailbox.
 */
export class Delivery {
  readonly #expectReplies: () => void;
  /** Agents whose next frame found no room in the worker's ring. */
  readonly #starved = new Set<Instance>();
  #retry: NodeJS.Timeout | undefined;

  /** @param expectReplies told whenever something went to a worker */
  constructor(expectReplies: () => void) {
    this.#expectReplies = expectReplies;
  }

  /**
   * Puts one binary message into the agent's mailbox; the bytes are copied. The caller has checked
   * that there is room.
   * @param view over the same memory as `source`, if there is one
   * @param mark of a message that is kept until it is handled; 0 = it isn't
   */
  enqueue(
    instance: Instance,
    source: Buffer,
    offset: number,
    length: number,
    priority: number,
    view?: DataView,
    mark = 0,
  ): void {
    const { mailbox, channel } = instance;
    const acceptedUs = monotonicUs();
    if (
      mailbox.waiting === 0 &&
      instance.takesFrames &&
      channel?.deliver(instance.slot, source, offset, length, acceptedUs, view, mark)
    ) {
      mailbox.inRing += 1;
      mailbox.inRingBytes += FRAME_HEADER_BYTES + length;
      this.#expectReplies();
      return;
    }
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
    writeFrameHeader(frame, 0, FRAME_DELIVER, 0, 0, acceptedUs, mark);
    source.copy(frame, FRAME_HEADER_BYTES, offset, offset + length);
    mailbox.push(frame, priority);
    if (instance.takesFrames) this.#starve(instance);
  }

  /** Puts a whole frame (a timer) behind what waits. */
  enqueueFrame(instance: Instance, frame: Buffer): void {
    instance.mailbox.push(frame, 0);
    this.pump(instance);
  }

  /** Moves what waits into the ring, as far as it goes now. */
  pump(instance: Instance): void {
    const { mailbox, channel } = instance;
    let moved = false;
    while (mailbox.waiting > 0 && instance.takesFrames) {
      const frame = mailbox.peek() as Buffer;
      if (!channel?.deliverFrame(instance.slot, frame)) {
        this.#starve(instance);
        break;
      }
      mailbox.shift();
      mailbox.inRing += 1;
      mailbox.inRingBytes += frame.length;
      moved = true;
    }
    if (moved) this.#expectReplies();
  }

  // A worker gives space back only after it has told that it is done, and frames that come back say
  // nothing of it: so whoever found no room also tries again by himself.
  #starve(instance: Instance): void {
    this.#starved.add(instance);
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.pumpStarved();
    }, STARVED_RETRY_MS);
  }

  /** A worker gave space back: those who found none try again. */
  pumpStarved(): void {
    if (this.#starved.size === 0) return;
    const instances = [...this.#starved];
    this.#starved.clear();
    for (const instance of instances) this.pump(instance);
  }

  /** The ring no longer holds this frame: it was handled, or it came back. */
  accountFor(instance: Instance, frameBytes: number): void {
    const { mailbox } = instance;
    mailbox.inRing -= 1;
    mailbox.inRingBytes -= frameBytes;
    if (mailbox.inRing === 0) instance.becameIdle();
  }

  forget(instance: Instance): void {
    this.#starved.delete(instance);
  }
}
