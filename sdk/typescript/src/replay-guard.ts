import type { Message } from './operation-types.js';
import { RecentIds } from './recent-ids.js';

/** Whether a message is to be handed on; `unknown` when nobody knows whether it was before. */
export type Verdict = 'new' | 'old' | 'unknown';

/**
 * Tells which of a subscription's messages came before. A server that goes on from its history
 * begins some seconds before the place asked for, as it knows the times of messages and not their
 * numbers; a message of such a time has the number that was asked for.
 */
export class ReplayGuard {
  readonly #seen = new RecentIds();
  /** Where the subscription began; 0 = from where its user said. */
  #beginSeq = 0;
  #askedSeq = 0;
  /** Up to this number messages may come that came before. */
  #repeatsUntil = 0;

  begins(seq: number): void {
    this.#beginSeq = seq;
  }

  /** @param repeatsUntil 0 = nothing comes twice */
  resumes(askedSeq: number, repeatsUntil: number): void {
    this.#askedSeq = askedSeq;
    this.#repeatsUntil = repeatsUntil;
    // The clock of the server was set back.
    if (this.#beginSeq > 0) this.#beginSeq = Math.min(this.#beginSeq, askedSeq);
  }

  judge({ message_id, timestamp }: Message, seq: number): Verdict {
    const verdict = seq <= this.#repeatsUntil ? this.#judgeOld(message_id, timestamp, seq) : 'new';
    if (verdict === 'new') this.#seen.add(message_id, seq);
    return verdict;
  }

  #judgeOld(id: string, timestamp: string, seq: number): Verdict {
    if (this.#seen.has(id)) return 'old';
    // Later than all that came.
    if (seq > this.#askedSeq) return 'new';
    const time_ms = Date.parse(timestamp);
    if (time_ms < Math.floor(this.#beginSeq / 1_000)) return 'old';
    // A number is no less than its message's time: one that came since is among those seen.
    return time_ms * 1_000 <= this.#seen.knownSince ? 'unknown' : 'new';
  }
}
