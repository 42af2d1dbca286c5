import { monotonicMs } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import { LatencyCounts } from '../metrics/latency-counts.js';
import type { Activity, AgentFigures } from './agent-figures.js';

/** Recorders that are kept for the next agents instead of being made anew. */
const SPARE_RECORDERS = 64;
/** Nothing that can be asked for looks further back. */
const KEPT_MS = 25 * 3_600_000;
/** Windows begin at different times, or all agents of a load would turn over in the same second. */
const ORIGINS = 97;
const ORIGIN_STEP_MS = 103;

/** For all agents together. */
interface Limits {
  /** What their past may take. */
  readonly bytes: number;
  readonly recorders: number;
}

const DEFAULT_LIMITS: Limits = Object.freeze({
  bytes: LIMITS.agent_figures_bytes,
  recorders: LIMITS.latency_recorders,
});

interface Kept {
  bytes: number;
  /** When it last did something. */
  usedMs: number;
}

/**
 * Which agents did something since the last sample. Only those are looked at once a second: ten
 * thousand idle agents cost nothing. What is kept of agents' past is bounded here, all together.
 */
export class AgentActivity implements Activity {
  readonly #limits: Limits;
  #active: AgentFigures[] = [];
  /** Those that have a past, from the longest idle to the last busy. */
  readonly #kept = new Map<AgentFigures, Kept>();
  readonly #spare: LatencyCounts[] = [];
  /** Agents whose past was forgotten to keep that of others, so often since the start. */
  forgotten = 0;
  #recorders = 0;
  #bytes = 0;
  #origins = 0;
  #sampledMs = monotonicMs();

  constructor(limits: Limits = DEFAULT_LIMITS) {
    this.#limits = limits;
  }

  /** Agents that are looked at by the next sample. */
  get activeAgents(): number {
    return this.#active.length;
  }

  /** About how much memory agents' past takes. */
  get keptBytes(): number {
    return this.#bytes;
  }

  /** The agent does something, for the first time since it was idle. */
  begin(figures: AgentFigures): void {
    figures.active = true;
    this.#active.push(figures);
    if (this.#recorders >= this.#limits.recorders) return;
    this.#recorders += 1;
    figures.recorder = this.#spare.pop() ?? new LatencyCounts();
  }

  /** To be called about once a second. @param nowMs on a clock that never steps */
  sample(nowMs: number = monotonicMs()): void {
    const fromMs = this.#sampledMs;
    this.#sampledMs = nowMs;
    const sampled = this.#active;
    this.#active = [];
    for (const figures of sampled) {
      if (figures.agent.discarded) {
        this.#release(figures);
        continue;
      }
      if (figures.sample(fromMs, nowMs, this.#newOrigin(nowMs))) this.#active.push(figures);
      else this.#release(figures);
      this.#keep(figures, nowMs);
    }
    this.#forgetOldest(nowMs);
  }

  /** The agent is gone. */
  remove(figures: AgentFigures): void {
    this.#bytes -= this.#kept.get(figures)?.bytes ?? 0;
    this.#kept.delete(figures);
  }

  #newOrigin(nowMs: number): number {
    this.#origins = (this.#origins + 1) % ORIGINS;
    return nowMs - this.#origins * ORIGIN_STEP_MS;
  }

  #release(figures: AgentFigures): void {
    figures.active = false;
    if (figures.recorder === undefined) return;
    this.#recorders -= 1;
    if (this.#spare.length < SPARE_RECORDERS) {
      figures.recorder.reset();
      this.#spare.push(figures.recorder);
    }
    figures.recorder = undefined;
  }

  #keep(figures: AgentFigures, nowMs: number): void {
    const kept = this.#kept.get(figures) ?? { bytes: 0, usedMs: 0 };
    const bytes = figures.bytes();
    this.#bytes += bytes - kept.bytes;
    kept.bytes = bytes;
    kept.usedMs = nowMs;
    this.#kept.delete(figures);
    this.#kept.set(figures, kept);
  }

  #forgetOldest(nowMs: number): void {
    for (const [figures, { usedMs }] of this.#kept) {
      const aged = usedMs <= nowMs - KEPT_MS;
      if (this.#bytes <= this.#limits.bytes && !aged) return;
      if (!aged) this.forgotten += 1;
      figures.forget();
      this.remove(figures);
    }
  }
}
