import { HostTrap } from './host-trap.js';

/** Views of one instance's linear memory, renewed only when the memory has grown. */
export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  #bytes: Buffer = Buffer.alloc(0);
  #view: DataView = new DataView(new ArrayBuffer(0));
  #grown = false;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#renew();
  }

  /** The memory as it is now. Not to be kept across a call into the guest. */
  get bytes(): Buffer {
    // Growing detaches the old buffer, and a view of a detached buffer has length 0.
    if (this.#bytes.length === 0) this.#renew();
    return this.#bytes;
  }

  get view(): DataView {
    if (this.#bytes.length === 0) this.#renew();
    return this.#view;
  }

  /** Whether the guest has grown it, be it by nothing, since this was asked last. */
  takeGrown(): boolean {
    if (this.#bytes.length === 0) this.#renew();
    const grown = this.#grown;
    this.#grown = false;
    return grown;
  }

  get byteLength(): number {
    return this.bytes.length;
  }

  /**
   * Checks a range that the guest named, both numbers taken as unsigned 32-bit.
   * @returns its start
   * @throws HostTrap when it isn't wholly inside the memory
   */
  check(pointer: number, length: number): number {
    const start = pointer >>> 0;
    const size = length >>> 0;
    // Both are below 2^32, so the sum is exact.
    if (start + size > this.bytes.length) this.#refuse(start, size);
    return start;
  }

  text(start: number, length: number): string {
    return this.bytes.toString('utf8', start, start + (length >>> 0));
  }

  /** Copies at most `capacity` bytes of a value to a range that was checked. */
  copyIn(start: number, capacity: number, value: Uint8Array): void {
    const room = capacity >>> 0;
    this.bytes.set(value.length <= room ? value : value.subarray(0, room), start);
  }

  #refuse(start: number, size: number): never {
    throw new HostTrap(
      `a host call was given ${size} bytes at ${start}, outside the memory of ${this.byteLength} bytes`,
    );
  }

  #renew(): void {
    const buffer = this.#memory.buffer;
    this.#grown = true;
    this.#bytes = Buffer.from(buffer);
    this.#view = new DataView(buffer);
  }
}
