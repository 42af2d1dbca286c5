import type { MessagePort } from 'node:worker_threads';
import { monotonicUs } from '../base/clock.js';
import { frameBytes } from '../ring/layout.js';
import type { RingProducer } from '../ring/producer.js';
import { DOORBELL } from '../wire/control.js';
import type { StatusBlock } from '../wire/status-block.js';

// Only bounds how long one sleep is: the main thread always drains, or the process is at its end.
const SPACE_WAIT_MS = 1_000;

/**
 * Ringing takes longer than a short message: while others follow, the bell rings no more often. The
 * main thread looks by itself once more than so long after it asked for the bell.
 */
const BELL_PAUSE_MS = 0.1;

/** The worker's end of the reply ring: waits for room and rings the main thread's bell. */
export class ReplyWriter {
  readonly #ring: RingProducer;
  readonly #port: MessagePort;
  readonly #status: StatusBlock;
  readonly #moreFollows: () => boolean;
  #rangMs = 0;
  /** The ring's data, with Buffer's writers. */
  readonly bytes: Buffer;
  /** The same, for numbers. */
  readonly view: DataView;

  /** @param moreFollows whether another message will be handled, and published, right after this */
  constructor(
    ring: RingProducer,
    port: MessagePort,
    status: StatusBlock,
    moreFollows: () => boolean,
  ) {
    this.#moreFollows = moreFollows;
    this.#ring = ring;
    this.#port = port;
    this.#status = status;
    const { buffer, byteOffset, length } = ring.bytes;
    this.bytes = Buffer.from(buffer, byteOffset, length);
    this.view = ring.view;
  }

  get capacityBytes(): number {
    return this.#ring.capacityBytes;
  }

  /** Room for a frame, waited for if need be. @returns its offset in `bytes` */
  reserve(maxBytes: number): number {
    const offset = this.#ring.reserve(maxBytes);
    return offset < 0 ? this.#reserveLater(maxBytes) : offset;
  }

  // The main thread may take long to make room, while the history is behind: the watchdog must not
  // take that for the agent's work.
  #reserveLater(maxBytes: number): number {
    const beganMs = Math.floor(monotonicUs() / 1_000);
    this.#status.beginWait();
    let offset = -1;
    while (offset < 0) {
      // A sleeping reader makes no room.
      this.#ringBell();
      this.#ring.waitForSpace(frameBytes(maxBytes), SPACE_WAIT_MS);
      offset = this.#ring.reserve(maxBytes);
    }
    this.#status.endWait(Math.floor(monotonicUs() / 1_000) - beganMs);
    return offset;
  }

  commit(byteLength: number): void {
    this.#ring.commit(byteLength);
  }

  publish(): void {
    this.#ring.publish();
    if (!this.#ring.armed) return;
    if (this.#moreFollows() && performance.now() < this.#rangMs + BELL_PAUSE_MS) return;
    this.#ringBell();
  }

  /** Forgets all that was committed since the last publish. */
  rollback(): void {
    this.#ring.rollback();
  }

  #ringBell(): void {
    if (!this.#ring.takeDoorbell()) return;
    this.#rangMs = performance.now();
    this.#port.postMessage(DOORBELL);
  }
}
