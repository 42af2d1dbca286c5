import { monotonicUs } from '../base/clock.js';
import type { PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { Agent } from './agent.js';

interface Record {
  /** Monotonic milliseconds of the traps of the last minute. */
  traps: number[];
  timer: NodeJS.Timeout | undefined;
}

/** What the supervisor decides and others do. */
export interface SupervisorActions {
  /** Puts a fresh instance in the place of the one that trapped. Failing counts as a trap. */
  restart(agent: Agent): void;
  /** Too many traps: the agent is not started again by itself. */
  giveUp(agent: Agent, error: PlainError): void;
}

const MINUTE_MS = 60_000;

/**
 * Restarts instances that trapped: after 100 ms, twice as long each further time up to 30 s; five
 * traps within a minute, and the agent has failed.
 */
export class Supervisor {
  readonly #actions: SupervisorActions;
  readonly #records = new Map<Agent, Record>();

  constructor(actions: SupervisorActions) {
    this.#actions = actions;
  }

  /** The agent has no usable instance any more, for the reason given. */
  trapped(agent: Agent, error: PlainError): void {
    const nowMs = monotonicUs() / 1_000;
    const record = this.#records.get(agent) ?? { traps: [], timer: undefined };
    this.#records.set(agent, record);
    record.traps = record.traps.filter((at) => nowMs - at < MINUTE_MS);
    record.traps.push(nowMs);
    if (record.traps.length >= LIMITS.restarts_per_minute) {
      this.forget(agent);
      this.#actions.giveUp(agent, error);
      return;
    }
    clearTimeout(record.timer);
    record.timer = setTimeout(() => this.#actions.restart(agent), backoffMs(record.traps.length));
  }

  forget(agent: Agent): void {
    clearTimeout(this.#records.get(agent)?.timer);
    this.#records.delete(agent);
  }

  stop(): void {
    for (const record of this.#records.values()) clearTimeout(record.timer);
    this.#records.clear();
  }
}

function backoffMs(traps: number): number {
  return Math.min(LIMITS.restart_backoff_ms * 2 ** (traps - 1), LIMITS.restart_backoff_max_ms);
}
