/** Ids of one half; older ones are forgotten half by half. */
const HALF = 50_000;
/** Nor is a half longer than this, in numbers of the stream, which are microseconds. */
const HALF_US = 60_000_000;

/** The ids of messages that came last, to tell one that comes once more after a return. */
export class RecentIds {
  #ids = new Set<string>();
  #former = new Set<string>();
  #firstSeq = 0;
  #lastSeq = 0;
  #formerLastSeq = 0;
  #forgottenSeq = 0;

  /** What came behind this number is known; of what came before, nobody knows. */
  get knownSince(): number {
    return this.#forgottenSeq;
  }

  has(id: string): boolean {
    return this.#ids.has(id) || this.#former.has(id);
  }

  add(id: string, seq: number): void {
    if (this.#ids.size === 0) this.#firstSeq = seq;
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    this.#ids.add(id);
    if (this.#ids.size < HALF && seq - this.#firstSeq < HALF_US) return;
    this.#forgottenSeq = this.#formerLastSeq;
    this.#former = this.#ids;
    this.#formerLastSeq = this.#lastSeq;
    this.#ids = new Set();
  }
}
