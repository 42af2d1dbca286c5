/**
 * How to take back what a message changed in the worker's memory, should it fail. A step is noted
 * before its change is made, so that a stack overflow in between leaves nothing behind.
 */
export class UndoLog {
  readonly #steps: Array<() => void> = [];

  add(step: () => void): void {
    this.#steps.push(step);
  }

  /** Takes everything back, the last change first. */
  rollback(): void {
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) step();
  }

  /** The changes stay. */
  clear(): void {
    if (this.#steps.length > 0) this.#steps.length = 0;
  }
}
