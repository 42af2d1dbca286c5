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
  /** Those that are in no bucket yet. */
  recent: Occurrences;
  window: RollingWindow<Occurrences> | undefined;
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
 * their number and length are bounded. They go into buckets together with the agent's other
 * figures, so that within any period there are as many errors as failures. Window times are
 * milliseconds on a clock that never steps.
 */
export class ErrorGroups {
  /** From the one not seen for longest to the one seen last. */
  readonly #groups = new Map<string, Group>();
  #unsettled = false;

  count(code: ErrorCode, text: string, wallMs: number): void {
    const key = text.slice(0, LIMITS.error_kind_characters);
    const group = this.#groups.get(key) ?? { code, recent: SHAPE.empty(), window: undefined };
    this.#groups.delete(key);
    this.#groups.set(key, group);
    SHAPE.merge(group.recent, { count: 1, firstMs: wallMs, lastMs: wallMs });
    this.#unsettled = true;
    if (this.#groups.size <= LIMITS.error_kinds_per_agent) return;
    for (const oldest of this.#groups.keys()) {
      this.#groups.delete(oldest);
      return;
    }
  }

  /** Whether there are some that `settle` has not seen. */
  get unsettled(): boolean {
    return this.#unsettled;
  }

  /**
   * Puts what was counted since the last time into buckets.
   * @param atMs when it counts as done
   * @param originMs where buckets begin, always the same one
   */
  settle(atMs: number, originMs: number): void {
    if (!this.#unsettled) return;
    this.#unsettled = false;
    for (const group of this.#groups.values()) {
      if (group.recent.count === 0) continue;
      group.window ??= new RollingWindow(SHAPE, originMs);
      SHAPE.merge(group.window.at(atMs), group.recent);
      group.recent = SHAPE.empty();
    }
  }

  /** Those of the last `periodMs`, the one seen last first. Changes nothing. */
  within(nowMs: number, periodMs: number): ErrorCount[] {
    return [...this.#groups]
      .map(([error, { code, recent, window }]) => {
        const total = window?.sum(nowMs, periodMs) ?? SHAPE.empty();
        SHAPE.merge(total, recent);
        return { code, error, ...total };
      })
      .filter((group) => group.count > 0)
      .reverse();
  }

  /** About how much memory they take. */
  bytes(): number {
    let bytes = 0;
    for (const [text, { window }] of this.#groups) {
      bytes += GROUP_BYTES + 2 * text.length + (window?.bytes() ?? 0);
    }
    return bytes;
  }
}
