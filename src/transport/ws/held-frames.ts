import { messagePackArrayLength } from '../../fipa/message-pack-check.js';

/** Batches of fewer messages are taken as they come, and refused where there is no room. */
const BATCH_MESSAGES_MIN = 32;
/** What the binary form of a message, and what stands around it, may take beyond its MessagePack. */
const EXTRA_BYTES = 512;
const RETRY_MS = 1;
/** Behind a disk that fails nothing waits for longer: then its messages are refused. */
const PATIENCE_MS = 1_000;

export interface HeldFramesParts {
  /** Whether the history has room for so many messages of so many bytes together. */
  readonly hasRoom: (bytes: number, messages: number) => boolean;
  /** Most bytes that are held. */
  readonly boundBytes: number;
  readonly take: (bytes: Buffer, isBinary: boolean) => void;
}

/**
 * Frames of one connection that wait because the history is behind. A client that sends in batches
 * is faster than a disk: so that it is slowed down rather than refused, its batch is taken, and
 * acknowledged, when there is room. What follows on the connection waits behind it.
 */
export class HeldFrames {
  readonly #parts: HeldFramesParts;
  #frames: Array<{ readonly bytes: Buffer; readonly isBinary: boolean }> = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #patienceEndsMs = 0;

  constructor(parts: HeldFramesParts) {
    this.#parts = parts;
  }

  /**
   * Whether the frame has to wait; then its bytes are copied and it is taken later. Where too much
   * waits already, all of it is taken now, and the frame isn't held.
   */
  holds(bytes: Buffer, isBinary: boolean): boolean {
    if (this.#frames.length === 0 && this.#hasRoom(bytes, isBinary)) return false;
    if (this.#bytes + bytes.length > this.#parts.boundBytes) {
      while (this.#frames.length > 0) this.#takeFirst();
      return false;
    }
    this.#frames.push({ bytes: Buffer.from(bytes), isBinary });
    this.#bytes += bytes.length;
    if (this.#timer === undefined) this.#wait();
    return true;
  }

  /** The connection is gone. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#frames = [];
    this.#bytes = 0;
  }

  #hasRoom(bytes: Buffer, isBinary: boolean): boolean {
    if (!isBinary) return true;
    const messages = messagePackArrayLength(bytes);
    if (messages < BATCH_MESSAGES_MIN) return true;
    return this.#parts.hasRoom(bytes.length + messages * EXTRA_BYTES, messages);
  }

  #wait(): void {
    this.#patienceEndsMs = performance.now() + PATIENCE_MS;
    const look = (): void => {
      this.#timer = undefined;
      this.#goOn();
      if (this.#frames.length > 0) this.#timer = setTimeout(look, RETRY_MS);
    };
    this.#timer = setTimeout(look, RETRY_MS);
  }

  #goOn(): void {
    for (let first = this.#frames[0]; first !== undefined; first = this.#frames[0]) {
      const late = performance.now() >= this.#patienceEndsMs;
      if (!late && !this.#hasRoom(first.bytes, first.isBinary)) return;
      this.#takeFirst();
      if (!late) this.#patienceEndsMs = performance.now() + PATIENCE_MS;
    }
  }

  #takeFirst(): void {
    const first = this.#frames.shift();
    if (first === undefined) return;
    this.#bytes -= first.bytes.length;
    this.#parts.take(first.bytes, first.isBinary);
  }
}
