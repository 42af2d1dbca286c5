const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** How finely the past is known, finest first. Each width is a whole part of the next. */
const LEVELS = [
  { widthMs: 10_000, keptMs: 5 * MINUTE_MS },
  { widthMs: 2 * MINUTE_MS, keptMs: HOUR_MS },
  { widthMs: HOUR_MS, keptMs: 24 * HOUR_MS },
] as const;

/** What a window keeps for each stretch of time. */
export interface Shape<B> {
  readonly empty: () => B;
  readonly merge: (into: B, from: B) => void;
  /** About how much memory one takes. */
  readonly bytes: (bucket: B) => number;
}

interface Bucket<B> {
  readonly startMs: number;
  readonly value: B;
}

interface Level<B> {
  open: Bucket<B> | undefined;
  readonly closed: Bucket<B>[];
}

/** An entry of a list and the object around a value. */
const BUCKET_BYTES = 64;

/**
 * Figures of the last five minutes by ten seconds, of the last hour by two minutes and of the last
 * day by the hour:
 *
 *   now ─► open 10 s ──► closed 10 s … (5 min)
 *             └─ closing merges into ─► open 2 min ──► closed 2 min … (1 h)
 *                                          └────────► open 1 h ──► closed 1 h … (24 h)
 *
 * Buckets are made only for times in which something happened, so that what is idle keeps nothing
 * new. All times are milliseconds on a clock that never steps back.
 */
export class RollingWindow<B> {
  readonly #shape: Shape<B>;
  readonly #originMs: number;
  /** What the closed buckets take: they change no more. */
  #closedBytes = 0;
  readonly #levels: readonly Level<B>[] = LEVELS.map(() => ({ open: undefined, closed: [] }));

  /** @param originMs where buckets begin; windows that differ in it don't turn over all at once */
  constructor(shape: Shape<B>, originMs: number) {
    this.#shape = shape;
    this.#originMs = originMs;
  }

  /** The bucket to add to what happens at this time, which is never earlier than the last. */
  at(nowMs: number): B {
    const startMs = this.#startOf(0, nowMs);
    const open = this.#levels[0]!.open;
    if (open !== undefined && open.startMs === startMs) return open.value;
    if (open !== undefined) this.#close(0, nowMs);
    return this.#open(0, startMs).value;
  }

  /** Whether both times belong to the same bucket of `at`. */
  sameBucket(oneMs: number, otherMs: number): boolean {
    return this.#startOf(0, oneMs) === this.#startOf(0, otherMs);
  }

  /**
   * Adds up the last `periodMs`, at most a day; a bucket counts when any part of it lies within.
   * Changes nothing.
   */
  sum(nowMs: number, periodMs: number): B {
    const total = this.#shape.empty();
    const depth = levelOf(periodMs);
    for (const [level, { open, closed }] of this.#levels.entries()) {
      if (level > depth) break;
      // What closed at a finer level is in the open bucket of a coarser one already.
      const buckets = level === depth ? [...closed, open] : [open];
      for (const bucket of buckets) {
        if (bucket === undefined) continue;
        const endMs = this.#startOf(depth, bucket.startMs) + LEVELS[depth]!.widthMs;
        if (endMs > nowMs - periodMs) this.#shape.merge(total, bucket.value);
      }
    }
    return total;
  }

  /** From where on `sum` counts: the beginning of the bucket in which the period begins. */
  beginningMs(nowMs: number, periodMs: number): number {
    return this.#startOf(levelOf(periodMs), nowMs - periodMs);
  }

  /** About how much memory it takes. */
  bytes(): number {
    let bytes = this.#closedBytes;
    for (const { open } of this.#levels) if (open !== undefined) bytes += this.#bytesOf(open);
    return bytes;
  }

  #bytesOf({ value }: Bucket<B>): number {
    return BUCKET_BYTES + this.#shape.bytes(value);
  }

  #startOf(level: number, ms: number): number {
    const { widthMs } = LEVELS[level]!;
    return Math.floor((ms - this.#originMs) / widthMs) * widthMs + this.#originMs;
  }

  #open(level: number, startMs: number): Bucket<B> {
    const bucket = { startMs, value: this.#shape.empty() };
    this.#levels[level]!.open = bucket;
    return bucket;
  }

  #close(level: number, nowMs: number): void {
    const here = this.#levels[level]!;
    const bucket = here.open!;
    here.open = undefined;
    here.closed.push(bucket);
    this.#closedBytes += this.#bytesOf(bucket);
    const { widthMs, keptMs } = LEVELS[level]!;
    for (let first = here.closed[0]; first !== undefined; first = here.closed[0]) {
      if (first.startMs + widthMs > nowMs - keptMs) break;
      this.#closedBytes -= this.#bytesOf(first);
      here.closed.shift();
    }
    if (level + 1 === LEVELS.length) return;
    const startMs = this.#startOf(level + 1, bucket.startMs);
    let coarser = this.#levels[level + 1]!.open;
    if (coarser !== undefined && coarser.startMs !== startMs) {
      this.#close(level + 1, nowMs);
      coarser = undefined;
    }
    this.#shape.merge((coarser ?? this.#open(level + 1, startMs)).value, bucket.value);
  }
}

/** The finest level that knows the whole period. */
function levelOf(periodMs: number): number {
  const level = LEVELS.findIndex(({ keptMs }) => periodMs <= keptMs);
  return level === -1 ? LEVELS.length - 1 : level;
}
