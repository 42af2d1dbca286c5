import type { ErrorCode } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import { RollingWindow, type Shape } from './rolling-window.js';
import type { ErrorCount } from './types.js';

interface Occurrences {
  count: number;
  /** Milliseconds since the Unix epoch. */
  firstMs: number;
  lastMs: number;
}

interface Group {
  readonly code: ErrorCode;
  readonly window: RollingWindow<Occurrences>;
}

const GROUP_BYTES = 256;

const SHAPE: Shape<Occurrences> = {
  empty: () => ({ count: 0, firstMs: Number.POSITIVE_INFINITY, lastMs: 0 }),
  merge: (into, from) => {
    into.count += from.count;
    into.firstMs = Math.min(into.firstMs, from.firstMs);
    into.lastMs = Math.max(into.lastMs, from.lastMs);
  },
  bytes: () => 64,
};

/**
 * Which errors an agent made, by their text, how often and when. Texts are the agent's own, so
 * their number and length are bounded. Window times are milliseconds on a clock that never steps.
 */
export class ErrorGroups {
  /** From the one not seen for longest to the one seen last. */
  readonly #groups = new Map<string, Group>();

  count(code: ErrorCode, text: string, nowMs: number, wallMs: number): void {
    const key = text.slice(0, LIMITS.error_kind_characters);
    const group = this.#groups.get(key) ?? { code, window: new RollingWindow(SHAPE, nowMs) };
    this.#groups.delete(key);
    this.#groups.set(key, group);
    SHAPE.merge(group.window.at(nowMs), { count: 1, firstMs: wallMs, lastMs: wallMs });
    if (this.#groups.size <= LIMITS.error_kinds_per_agent) return;
    for (const oldest of this.#groups.keys()) {
      this.#groups.delete(oldest);
      return;
    }
  }

  /** Those of the last `periodMs`, the one seen last first. Changes nothing. */
  within(nowMs: number, periodMs: number): ErrorCount[] {
    return [...this.#groups]
      .map(([error, { code, window }]) => ({ code, error, ...window.sum(nowMs, periodMs) }))
      .filter((group) => group.count > 0)
      .reverse();
  }

  /** About how much memory they take. */
  bytes(): number {
    let bytes = 0;
    for (const [text, { window }] of this.#groups) {
      bytes += GROUP_BYTES + 2 * text.length + window.bytes();
    }
    return bytes;
  }
}
