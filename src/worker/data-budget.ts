/** What all agents of a worker have stored, which lies in the heap that they share. */
export class DataBudget {
  readonly limitBytes: number;
  #bytes = 0;

  constructor(limitBytes: number = Number.POSITIVE_INFINITY) {
    this.limitBytes = limitBytes;
  }

  get exceeded(): boolean {
    return this.#bytes > this.limitBytes;
  }

  allows(moreBytes: number): boolean {
    return moreBytes <= 0 || this.#bytes + moreBytes <= this.limitBytes;
  }

  /** @param bytes negative when something is gone */
  add(bytes: number): void {
    this.#bytes += bytes;
  }
}
