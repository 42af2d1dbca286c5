import type { SecondFigures } from './measurement.js';
import { count, microseconds } from './units.js';

const timeOrNone = (us: number | null): string => (us === null ? '–' : microseconds(us));

/** Tells on stderr how a load goes on: on a terminal in one line that changes. */
export class Progress {
  readonly #quiet: boolean;
  readonly #isTerminal: boolean;

  constructor(quiet: boolean, isTerminal: boolean = process.stderr.isTTY === true) {
    this.#quiet = quiet;
    this.#isTerminal = isTerminal;
  }

  note(text: string): void {
    if (this.#quiet) return;
    process.stderr.write(this.#isTerminal ? `\r\x1b[K${text}` : `${text}\n`);
  }

  second({ second, per_second, failed, p50_us, p99_us, in_flight }: SecondFigures): void {
    const latency = `p50 ${timeOrNone(p50_us)}  p99 ${timeOrNone(p99_us)}`;
    const rest = `${count(failed)} failed  ${count(in_flight)} in flight`;
    this.note(`${second} s  ${count(per_second)} messages/s  ${latency}  ${rest}`);
  }

  /** What is printed next begins on a line of its own. */
  end(): void {
    if (!this.#quiet && this.#isTerminal) process.stderr.write('\r\x1b[K');
  }
}
