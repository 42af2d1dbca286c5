import { wallMs } from '../../base/clock.js';

/** Time, as deployments see it: tests bring a clock of their own. */
export interface Scheduler {
  /** Milliseconds since the Unix epoch. */
  nowMs(): number;
  /** Calls once after so long; the result cancels it. */
  after(durationMs: number, call: () => void): () => void;
}

/** The machine's clock. Waiting for it does not keep the process alive. */
export const systemScheduler: Scheduler = Object.freeze({
  nowMs: wallMs,
  after: (durationMs: number, call: () => void) => {
    const timer = setTimeout(call, durationMs).unref();
    return () => clearTimeout(timer);
  },
});
