import { monotonicMs, wallMs } from '../base/clock.js';
import type { ErrorCode } from '../base/errors.js';
import { type LatencyCounts, mergeLatencies } from '../metrics/latency-counts.js';
import { type AgentTotals, agentWindow, emptyTotals, mergeTotals } from './agent-window.js';
import { ErrorGroups } from './error-groups.js';
import type { RollingWindow } from './rolling-window.js';
import type { ErrorCount } from './types.js';

/** What is known of an agent beside its messages. */
export interface MeasuredAgent {
  /** Linear memory of all its instances. */
  readonly memoryBytes: number;
  readonly instanceCount: number;
  /** Removed for good. */
  readonly discarded: boolean;
}

/** Knows which agents did something lately, and keeps the memory that their past takes in bounds. */
export interface Activity {
  begin(figures: AgentFigures): void;
  remove(figures: AgentFigures): void;
}

type Done = Pick<AgentTotals, 'processed' | 'failed' | 'handlingUs' | 'latencyUs'>;

/**
 * What one agent has used and done. Updated for every message: plain additions, and a latency
 * counted. Once a second, when something was done, that goes into the rolling window.
 */
export class AgentFigures {
  processed = 0;
  failed = 0;
  handlingTotalUs = 0;
  latencyTotalUs = 0;
  fuelTotal = 0;
  lastFuel = 0;
  memoryPeakBytes = 0;
  restarts = 0;
  /** Share of one core during the last full second. */
  cpuUsage = 0;
  cpuPeak = 0;
  readonly bornMs = monotonicMs();
  readonly agent: MeasuredAgent;
  /** Something was done since the last sample, or the last but one. */
  active = false;
  /** Latencies that are in no closed bucket yet; only while the agent does something. */
  recorder: LatencyCounts | undefined;
  readonly #activity: Activity;
  #errors: ErrorGroups | undefined;
  #window: RollingWindow<AgentTotals> | undefined;
  /** Where the buckets of all its windows begin, or else their figures would not agree. */
  #originMs = 0;
  #sampledHandlingUs = 0;
  #sampledLatencyUs = 0;
  #sampledProcessed = 0;
  #sampledFailed = 0;

  constructor(agent: MeasuredAgent, activity: Activity) {
    this.agent = agent;
    this.#activity = activity;
  }

  /** @param latencyUs from acceptance to the end of handling */
  handled(ok: boolean, handlingUs: number, latencyUs: number, fuel: number): void {
    if (!this.active) this.#activity.begin(this);
    if (ok) this.processed += 1;
    else this.failed += 1;
    this.handlingTotalUs += handlingUs;
    this.latencyTotalUs += latencyUs;
    this.fuelTotal += fuel;
    this.lastFuel = fuel;
    this.recorder?.record(latencyUs);
  }

  /** A message failed that nobody could finish: its time is unknown. */
  lost(): void {
    if (!this.active) this.#activity.begin(this);
    this.failed += 1;
  }

  /** The instances' memory has changed. */
  memory(bytes: number): void {
    if (bytes > this.memoryPeakBytes) this.memoryPeakBytes = bytes;
  }

  error(code: ErrorCode, text: string): void {
    if (!this.active) this.#activity.begin(this);
    this.#errors ??= new ErrorGroups();
    this.#errors.count(code, text, wallMs());
  }

  /** Those of the last `periodMs`, the one seen last first. */
  errors(nowMs: number, periodMs: number): ErrorCount[] {
    return this.#errors?.within(nowMs, periodMs) ?? [];
  }

  /**
   * What was done in the last `periodMs`, up to this moment. Changes nothing: who looks must not
   * disturb what is measured.
   */
  totals(nowMs: number, periodMs: number): AgentTotals {
    const totals = this.#window?.sum(nowMs, periodMs) ?? emptyTotals();
    mergeTotals(totals, {
      ...emptyTotals(),
      ...this.#sinceSample(),
      latencies: this.recorder?.encode(),
    });
    return totals;
  }

  /** From where on `totals` counts, but not before the agent was there. */
  beginningMs(nowMs: number, periodMs: number): number {
    const beginning = this.#window?.beginningMs(nowMs, periodMs) ?? nowMs - periodMs;
    return Math.max(beginning, this.bornMs);
  }

  /**
   * Takes what was done since the last sample into the window.
   * @param fromMs when the last sample was taken
   * @param originMs where the buckets of its windows begin, if this is its first sample
   * @returns whether anything was done
   */
  sample(fromMs: number, nowMs: number, originMs: number): boolean {
    const done = this.#sinceSample();
    const elapsedUs = (nowMs - fromMs) * 1_000;
    const cores = Math.max(1, this.agent.instanceCount);
    this.cpuUsage = elapsedUs > 0 ? Math.min(done.handlingUs / elapsedUs, cores) : 0;
    this.cpuPeak = Math.max(this.cpuPeak, this.cpuUsage);
    const busy = done.processed > 0 || done.failed > 0;
    const errors = this.#errors;
    if (!busy && errors?.unsettled !== true && this.#window === undefined) return false;
    if (this.#window === undefined) this.#originMs = originMs;
    this.#window ??= agentWindow(originMs);
    const window = this.#window;
    errors?.settle(fromMs, this.#originMs);
    const ends = !window.sameBucket(fromMs, nowMs);
    // Everything since the last sample counts as done when that was taken, so that what the
    // recorder holds is always of the bucket that is open.
    if (busy) this.#add(window, fromMs, done);
    if ((!busy || ends) && (this.recorder?.count ?? 0) > 0) this.#flush(window, fromMs);
    return busy;
  }

  #add(window: RollingWindow<AgentTotals>, atMs: number, done: Done): void {
    const bucket = window.at(atMs);
    const { memoryBytes } = this.agent;
    bucket.processed += done.processed;
    bucket.failed += done.failed;
    bucket.handlingUs += done.handlingUs;
    bucket.latencyUs += done.latencyUs;
    bucket.samples += 1;
    bucket.memorySumBytes += memoryBytes;
    bucket.memoryPeakBytes = Math.max(bucket.memoryPeakBytes, memoryBytes);
    bucket.cpuPeak = Math.max(bucket.cpuPeak, this.cpuUsage);
    this.#sampledHandlingUs = this.handlingTotalUs;
    this.#sampledLatencyUs = this.latencyTotalUs;
    this.#sampledProcessed = this.processed;
    this.#sampledFailed = this.failed;
  }

  #flush(window: RollingWindow<AgentTotals>, atMs: number): void {
    const bucket = window.at(atMs);
    bucket.latencies = mergeLatencies(bucket.latencies, this.recorder?.encode());
    this.recorder?.reset();
  }

  #sinceSample(): Done {
    return {
      processed: this.processed - this.#sampledProcessed,
      failed: this.failed - this.#sampledFailed,
      handlingUs: this.handlingTotalUs - this.#sampledHandlingUs,
      latencyUs: this.latencyTotalUs - this.#sampledLatencyUs,
    };
  }

  /** About how much memory the past takes. */
  bytes(): number {
    return (this.#window?.bytes() ?? 0) + (this.#errors?.bytes() ?? 0);
  }

  /** Forgets the past; counters and what is going on now stay. */
  forget(): void {
    this.#window = undefined;
    this.#errors = undefined;
  }

  /** The agent is removed for good: nothing of it is kept anywhere. */
  discard(): void {
    this.#activity.remove(this);
    this.forget();
  }
}
