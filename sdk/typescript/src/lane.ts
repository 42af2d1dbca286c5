import type { PendingSend } from './send-queue.js';

/** The first pause after a refusal; it doubles up to what the server asks for. */
const PAUSE_MIN_MS = 4;
/** Part by which the next batch to a receiver may be larger. */
const GROWTH = 1 / 8;

/**
 * The messages to one receiver. How many of them go at once falls to what there was room for, to a
 * half at least, and grows slowly otherwise; pauses double while there is no room at all.
 */
export class Lane {
  readonly receiver: string;
  waiting: PendingSend[] = [];
  /** Batches with messages of this lane that are not answered. */
  underWay = 0;
  /** Runs while the receiver is left alone after a refusal. */
  timer: ReturnType<typeof setTimeout> | undefined;
  /** Most messages of the next batch. */
  most: number;
  readonly #mostEver: number;
  #pauseMs = PAUSE_MIN_MS;
  /** Of those waiting, how many were taken back. */
  #settled = 0;

  constructor(receiver: string, mostEver: number) {
    this.receiver = receiver;
    this.most = mostEver;
    this.#mostEver = mostEver;
  }

  /** In front of those that came after them. */
  putBack(entries: readonly PendingSend[]): void {
    this.#settled = 0;
    this.waiting = [...entries, ...this.waiting]
      .filter(({ settled }) => !settled)
      .sort((a, b) => a.sequence - b.sequence);
  }

  /** The next ones to go, of at most so many bytes or, where `evenOne`, one of any size. */
  take(mostMessages: number, mostBytes: number, evenOne: boolean): PendingSend[] {
    const most = Math.min(mostMessages, this.most);
    const taken: PendingSend[] = [];
    let bytes = 0;
    let looked = 0;
    for (const entry of this.waiting) {
      if (entry.settled) {
        looked += 1;
        this.#settled -= 1;
        continue;
      }
      const fits = bytes + entry.bytes.length <= mostBytes || (evenOne && taken.length === 0);
      if (taken.length === most || !fits) break;
      looked += 1;
      taken.push(entry);
      bytes += entry.bytes.length;
    }
    this.waiting.splice(0, looked);
    return taken;
  }

  /** One of those waiting was taken back; now and then they are cleared away. */
  tookBack(): void {
    this.#settled += 1;
    if (2 * this.#settled > this.waiting.length) this.putBack([]);
  }

  accepted(): void {
    this.most = Math.min(this.#mostEver, this.most + Math.ceil(this.most * GROWTH));
    this.#pauseMs = PAUSE_MIN_MS;
  }

  /**
   * Some of those sent are to be sent again.
   * @param asked_ms when the server says that there may be room
   * @returns how long to leave the receiver alone
   */
  refused(sent: number, refused: number, asked_ms: number): number {
    const half = Math.floor(Math.min(sent, this.most) / 2);
    const admitted = sent - refused;
    this.most = Math.max(1, admitted > 0 ? Math.min(half, admitted) : half);
    const pause_ms = Math.min(this.#pauseMs, asked_ms);
    const next_ms = admitted > 0 ? this.#pauseMs / 2 : this.#pauseMs * 2;
    this.#pauseMs = Math.max(PAUSE_MIN_MS, Math.min(asked_ms, next_ms));
    return pause_ms;
  }
}
