import { hashText } from './conversation-births.js';

/** From a moment on: who takes the conversations that begin. */
interface Span<Version> {
  readonly fromMs: number;
  readonly base: Version;
  /** The version of a deployment under way. */
  readonly next: Version | undefined;
  /** Percent of the conversations that go to `next`. */
  readonly percent: number;
}

const SHARES = 10_000;

/**
 * Which version of an agent a conversation belongs to: the one that took it when it began, whatever
 * changed since. Nothing is kept for a conversation; it is found again by its birth and a hash.
 */
export class Traffic<Version> {
  #spans: Span<Version>[];

  constructor(base: Version) {
    this.#spans = [{ fromMs: Number.NEGATIVE_INFINITY, base, next: undefined, percent: 0 }];
  }

  /** Whether every conversation goes to one version. */
  get single(): boolean {
    return this.#spans.length === 1 && this.#spans[0]?.next === undefined;
  }

  /** Percent of the conversations that begin now which go to the version of a deployment. */
  get percent(): number {
    return this.#last.percent;
  }

  get #last(): Span<Version> {
    return this.#spans.at(-1) as Span<Version>;
  }

  versionFor(conversationId: string, bornMs: number): Version {
    let at = this.#spans.length - 1;
    while (at > 0 && (this.#spans[at] as Span<Version>).fromMs > bornMs) at -= 1;
    const { base, next, percent } = this.#spans[at] as Span<Version>;
    if (next === undefined || percent === 0) return base;
    const share = hashText(conversationId) % SHARES;
    return share < (percent * SHARES) / 100 ? next : base;
  }

  /** So many percent of the conversations that begin after this millisecond go to `next`. */
  split(nowMs: number, next: Version, percent: number): void {
    this.#append({ fromMs: nowMs + 1, base: this.#last.base, next, percent });
  }

  /** All conversations that begin after this millisecond go to `version`. */
  settle(nowMs: number, version: Version): void {
    this.#append({ fromMs: nowMs + 1, base: version, next: undefined, percent: 0 });
  }

  /** The version is gone: what belonged to it goes to `heir`. */
  replace(gone: Version, heir: Version): void {
    const spans = this.#spans.map((span): Span<Version> => {
      const base = span.base === gone ? heir : span.base;
      const next = span.next === gone || span.next === base ? undefined : span.next;
      return { fromMs: span.fromMs, base, next, percent: next === undefined ? 0 : span.percent };
    });
    // A span that says what the one before it says adds nothing.
    this.#spans = spans.filter((span, i) => {
      const before = spans[i - 1];
      return (
        before === undefined ||
        span.base !== before.base ||
        span.next !== before.next ||
        span.percent !== before.percent
      );
    });
  }

  #append(span: Span<Version>): void {
    // What is decided twice in one millisecond held for no conversation.
    if (this.#last.fromMs === span.fromMs) this.#spans.pop();
    this.#spans.push(span);
  }
}
