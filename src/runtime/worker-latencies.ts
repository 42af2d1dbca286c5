import { monotonicMs } from '../base/clock.js';
import { RollingHistogram } from '../metrics/rolling-histogram.js';
import type { WorkerChannel } from '../pool/worker-channel.js';

const REPORT_WAIT_MS = 100;

/** The latencies of all messages, which workers record and are asked for. */
export class WorkerLatencies {
  readonly queueWait = new RollingHistogram();
  readonly handling = new RollingHistogram();
  readonly endToEnd = new RollingHistogram();
  readonly #channels: () => readonly WorkerChannel[];
  readonly #asked = new Set<WorkerChannel>();

  constructor(channels: () => readonly WorkerChannel[]) {
    this.#channels = channels;
  }

  /**
   * Asks all workers for what they measured. One in the middle of a long message answers late: its
   * figures are then those of the last time, and its answer is added when it comes. One that dies
   * never answers.
   */
  async collect(): Promise<void> {
    const asked = this.#channels()
      .filter((channel) => !channel.dead && !this.#asked.has(channel))
      .map((channel) => this.#ask(channel));
    await Promise.race([Promise.all(asked), sleep(REPORT_WAIT_MS)]);
  }

  async #ask(channel: WorkerChannel): Promise<void> {
    this.#asked.add(channel);
    try {
      const report = await channel.report();
      const nowMs = monotonicMs();
      this.queueWait.add(report.queueWait, nowMs);
      this.handling.add(report.handling, nowMs);
      this.endToEnd.add(report.endToEnd, nowMs);
    } catch {
      // The worker died, and what it had measured since the last time with it.
    } finally {
      this.#asked.delete(channel);
    }
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
