import { wallMs } from '../base/clock.js';
import type { ErrorCode } from '../base/errors.js';
import { RollingWindow } from './rolling-window.js';
import type { ErrorCount } from './types.js';

// An agent can't have many kinds of errors, but their texts are its own: bound them.
const ERRORS_KEPT = 20;

/** What one agent has used and done. Updated for every message: plain additions only. */
export class AgentFigures {
  processed = 0;
  failed = 0;
  handlingTotalUs = 0;
  fuelTotal = 0;
  lastFuel = 0;
  memoryBytes = 0;
  memoryPeakBytes = 0;
  restarts = 0;
  /** Share of one core during the last full second. */
  cpuUsage = 0;
  cpuPeak = 0;
  readonly window = new RollingWindow();
  readonly #errors = new Map<string, { code: ErrorCode; count: number; lastMs: number }>();
  #sampledHandlingUs = 0;
  #sampledProcessed = 0;
  #sampledFailed = 0;

  handled(ok: boolean, handlingUs: number, fuel: number, memoryBytes: number): void {
    if (ok) this.processed += 1;
    else this.failed += 1;
    this.handlingTotalUs += handlingUs;
    this.fuelTotal += fuel;
    this.lastFuel = fuel;
    this.memory(memoryBytes);
  }

  memory(bytes: number): void {
    this.memoryBytes = bytes;
    if (bytes > this.memoryPeakBytes) this.memoryPeakBytes = bytes;
  }

  error(code: ErrorCode, text: string): void {
    const known = this.#errors.get(text);
    if (known) {
      known.count += 1;
      known.lastMs = wallMs();
      return;
    }
    if (this.#errors.size >= ERRORS_KEPT) {
      this.#errors.delete(this.#errors.keys().next().value as string);
    }
    this.#errors.set(text, { code, count: 1, lastMs: wallMs() });
  }

  errors(): ErrorCount[] {
    return [...this.#errors].map(([error, { code, count, lastMs }]) => ({
      code,
      error,
      count,
      lastMs,
    }));
  }

  /** Once a second: what happened since the last time goes into the rolling window. */
  sample(nowMs: number, elapsedUs: number): void {
    const handlingUs = this.handlingTotalUs - this.#sampledHandlingUs;
    const processed = this.processed - this.#sampledProcessed;
    const failed = this.failed - this.#sampledFailed;
    this.#sampledHandlingUs = this.handlingTotalUs;
    this.#sampledProcessed = this.processed;
    this.#sampledFailed = this.failed;
    this.cpuUsage = elapsedUs > 0 ? Math.min(handlingUs / elapsedUs, 1) : 0;
    if (this.cpuUsage > this.cpuPeak) this.cpuPeak = this.cpuUsage;
    // An idle agent costs nothing: its window simply has no buckets for this time.
    if (processed === 0 && failed === 0) return;
    this.window.add(nowMs, {
      processed,
      failed,
      handlingUs,
      cpu: this.cpuUsage,
      memoryBytes: this.memoryBytes,
    });
  }
}
