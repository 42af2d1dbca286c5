export interface HeldBytesBounds {
  readonly totalBytes: number;
  readonly perHolderBytes: number;
}

/**
 * What was received of requests that are not complete yet. Each alone is bounded by its size, and
 * all of them together by this: otherwise many that never end would take all memory. A holder has
 * at most its share, so that one alone can't keep out the others.
 */
export class HeldBytes<Holder> {
  readonly #bounds: HeldBytesBounds;
  readonly #byHolder = new Map<Holder, number>();
  #totalBytes = 0;

  constructor(bounds: HeldBytesBounds) {
    this.#bounds = bounds;
  }

  get totalBytes(): number {
    return this.#totalBytes;
  }

  /** @returns whether there is room; if not, nothing is taken */
  take(holder: Holder, bytes: number): boolean {
    const held = (this.#byHolder.get(holder) ?? 0) + bytes;
    if (held > this.#bounds.perHolderBytes) return false;
    if (this.#totalBytes + bytes > this.#bounds.totalBytes) return false;
    this.#byHolder.set(holder, held);
    this.#totalBytes += bytes;
    return true;
  }

  /** @param bytes that were taken before */
  give(holder: Holder, bytes: number): void {
    if (bytes === 0) return;
    const left = (this.#byHolder.get(holder) ?? 0) - bytes;
    if (left > 0) this.#byHolder.set(holder, left);
    else this.#byHolder.delete(holder);
    this.#totalBytes -= bytes;
  }
}
