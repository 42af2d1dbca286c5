import { LIMITS } from '../base/limits.js';

interface Repeat<Line> {
  /** The last one held back. */
  line: Line;
  count: number;
}

const EVERYONE_ELSE = '';

/**
 * Keeps refusals that come by the thousand from filling a disk: the first is told at once, those
 * that follow are counted and told in one line each LIMITS.audit_repeats_ms.
 */
export class AuditRepeats<Line> {
  readonly #tell: (line: Line, count: number) => void;
  readonly #repeats = new Map<string, Repeat<Line>>();
  #timer: NodeJS.Timeout | undefined;

  /** @param tell writes the last of some lines that are alike, with their count */
  constructor(tell: (line: Line, count: number) => void) {
    this.#tell = tell;
  }

  /**
   * @param key what makes lines alike
   * @returns whether the line is held back, to be counted; otherwise it is the caller's to write
   */
  holds(key: string, line: Line): boolean {
    const isFull = this.#repeats.size >= LIMITS.audit_repeats && !this.#repeats.has(key);
    const place = isFull ? EVERYONE_ELSE : key;
    const known = this.#repeats.get(place);
    if (known !== undefined) {
      known.line = line;
      known.count += 1;
      return true;
    }
    this.#repeats.set(place, { line, count: 0 });
    this.#timer ??= setInterval(() => this.#round(), LIMITS.audit_repeats_ms).unref();
    return false;
  }

  close(): void {
    this.#round();
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#repeats.clear();
  }

  // Whoever was quiet for a round is told at once again.
  #round(): void {
    for (const [key, repeat] of this.#repeats) {
      if (repeat.count === 0) this.#repeats.delete(key);
      else this.#tell(repeat.line, repeat.count);
      repeat.count = 0;
    }
    if (this.#repeats.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
