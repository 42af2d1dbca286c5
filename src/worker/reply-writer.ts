import type { MessagePort } from 'node:worker_threads';
import { frameBytes } from '../ring/layout.js';
import type { RingProducer } from '../ring/producer.js';
import { DOORBELL } from '../wire/control.js';

// Only bounds how long one sleep is: the main thread always drains, or the process is at its end.
const SPACE_WAIT_MS = 1_000;

/** The worker's end of the reply ring: waits for room and rings the main thread's bell. */
export class ReplyWriter {
  readonly #ring: RingProducer;
  readonly #port: MessagePort;
  /** The ring's data, with Buffer's writers. */
  readonly bytes: Buffer;

  constructor(ring: RingProducer, port: MessagePort) {
    this.#ring = ring;
    this.#port = port;
    const { buffer, byteOffset, length } = ring.bytes;
    this.bytes = Buffer.from(buffer, byteOffset, length);
  }

  get capacityBytes(): number {
    return this.#ring.capacityBytes;
  }

  /** Room for a frame, waited for if need be. @returns its offset in `bytes` */
  reserve(maxBytes: number): number {
    let offset = this.#ring.reserve(maxBytes);
    while (offset < 0) {
      // A sleeping reader makes no room.
      this.#ringBell();
      this.#ring.waitForSpace(frameBytes(maxBytes), SPACE_WAIT_MS);
      offset = this.#ring.reserve(maxBytes);
    }
    return offset;
  }

  commit(byteLength: number): void {
    this.#ring.commit(byteLength);
  }

  publish(): void {
    this.#ring.publish();
    this.#ringBell();
  }

  /** Forgets all that was committed since the last publish. */
  rollback(): void {
    this.#ring.rollback();
  }

  #ringBell(): void {
    if (this.#ring.takeDoorbell()) this.#port.postMessage(DOORBELL);
  }
}
