import type { LogLine } from './types.js';

/** The last lines of a log, bounded; the oldest go first. */
export class LogTail {
  readonly #capacity: number;
  #lines: LogLine[] = [];
  #next = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  push(line: LogLine): void {
    if (this.#lines.length < this.#capacity) this.#lines.push(line);
    else this.#lines[this.#next] = line;
    this.#next = (this.#next + 1) % this.#capacity;
  }

  /** The last `count` lines, oldest first. */
  last(count: number): LogLine[] {
    const full = this.#lines.length === this.#capacity;
    const ordered = full
      ? [...this.#lines.slice(this.#next), ...this.#lines.slice(0, this.#next)]
      : this.#lines;
    return ordered.slice(-count);
  }
}
