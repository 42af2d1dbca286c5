import { monotonicUs } from '../base/clock.js';
import { FRAME_DELIVER, FRAME_HEADER_BYTES, writeFrameHeader } from '../wire/frames.js';
import type { Agent } from './agent.js';

const STARVED_RETRY_MS = 2;

/**
 * Moves messages into agents' rings: at once where the agent takes them and nothing waits before
 * them, otherwise by way of the mailbox.
 */
export class Delivery {
  readonly #expectReplies: () => void;
  /** Agents whose next frame found no room in the worker's ring. */
  readonly #starved = new Set<Agent>();
  #retry: NodeJS.Timeout | undefined;

  /** @param expectReplies told whenever something went to a worker */
  constructor(expectReplies: () => void) {
    this.#expectReplies = expectReplies;
  }

  /**
   * Puts one binary message into the agent's mailbox; the bytes are copied. The caller has checked
   * that there is room.
   */
  enqueue(agent: Agent, source: Buffer, offset: number, length: number, priority: number): void {
    const { mailbox, channel } = agent;
    const acceptedUs = monotonicUs();
    if (
      mailbox.waiting === 0 &&
      agent.takesFrames &&
      channel?.deliver(agent.slot, source, offset, length, acceptedUs)
    ) {
      mailbox.inRing += 1;
      mailbox.inRingBytes += FRAME_HEADER_BYTES + length;
      this.#expectReplies();
      return;
    }
    const frame = Buffer.allocUnsafe(FRAME_HEADER_BYTES + length);
    writeFrameHeader(frame, 0, FRAME_DELIVER, 0, 0, acceptedUs);
    source.copy(frame, FRAME_HEADER_BYTES, offset, offset + length);
    mailbox.push(frame, priority);
    if (agent.takesFrames) this.#starve(agent);
  }

  /** Puts a whole frame (a timer) behind what waits. */
  enqueueFrame(agent: Agent, frame: Buffer): void {
    agent.mailbox.push(frame, 0);
    this.pump(agent);
  }

  /** Moves what waits into the ring, as far as it goes now. */
  pump(agent: Agent): void {
    const { mailbox, channel } = agent;
    let moved = false;
    while (mailbox.waiting > 0 && agent.takesFrames) {
      const frame = mailbox.peek() as Buffer;
      if (!channel?.deliverFrame(agent.slot, frame)) {
        this.#starve(agent);
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
  #starve(agent: Agent): void {
    this.#starved.add(agent);
    if (this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      this.pumpStarved();
    }, STARVED_RETRY_MS);
  }

  /** A worker gave space back: those who found none try again. */
  pumpStarved(): void {
    if (this.#starved.size === 0) return;
    const agents = [...this.#starved];
    this.#starved.clear();
    for (const agent of agents) this.pump(agent);
  }

  /** The ring no longer holds this frame: it was handled, or it came back. */
  accountFor(agent: Agent, frameBytes: number): void {
    const { mailbox } = agent;
    mailbox.inRing -= 1;
    mailbox.inRingBytes -= frameBytes;
    if (mailbox.inRing === 0) agent.becameIdle();
  }

  forget(agent: Agent): void {
    this.#starved.delete(agent);
  }
}
