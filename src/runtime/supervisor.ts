import { monotonicUs } from '../base/clock.js';
import type { PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { AgentVersion, Instance } from './agent.js';

interface Record {
  /** Monotonic milliseconds of the traps of the last minute. */
  traps: number[];
  readonly timers: Map<Instance, NodeJS.Timeout>;
}

/** What the supervisor decides and others do. */
export interface SupervisorActions {
  /** Puts a fresh instance in the place of the one that trapped. Failing counts as a trap. */
  restart(instance: Instance): void;
  /** Too many traps: the version is not started again by itself. */
  giveUp(version: AgentVersion, error: PlainError): void;
}

const MINUTE_MS = 60_000;

/**
 * Restarts instances that trapped: after 100 ms, twice as long each further time up to 30 s; five
 * traps of one version within a minute, and it has failed.
 */
export class Supervisor {
  readonly #actions: SupervisorActions;
  #stopped = false;
  readonly #records = new Map<AgentVersion, Record>();

  constructor(actions: SupervisorActions) {
    this.#actions = actions;
  }

  /** The instance is of no use any more, for the reason given. */
  trapped(instance: Instance, error: PlainError): void {
    if (this.#stopped) return;
    const { version } = instance;
    const nowMs = monotonicUs() / 1_000;
    const record = this.#records.get(version) ?? { traps: [], timers: new Map() };
    this.#records.set(version, record);
    record.traps = record.traps.filter((at) => nowMs - at < MINUTE_MS);
    record.traps.push(nowMs);
    if (record.traps.length >= LIMITS.restarts_per_minute) {
      this.#forgetAll(version);
      this.#actions.giveUp(version, error);
      return;
    }
    clearTimeout(record.timers.get(instance));
    const restart = (): void => {
      record.timers.delete(instance);
      this.#actions.restart(instance);
    };
    record.timers.set(instance, setTimeout(restart, backoffMs(record.traps.length)));
  }

  /** The instance ends; with the last of its version the traps are forgotten. */
  forget(instance: Instance): void {
    const { version } = instance;
    const record = this.#records.get(version);
    if (record === undefined) return;
    clearTimeout(record.timers.get(instance));
    record.timers.delete(instance);
    if (record.timers.size === 0 && version.instances.length <= 1) this.#records.delete(version);
  }

  stop(): void {
    this.#stopped = true;
    for (const version of [...this.#records.keys()]) this.#forgetAll(version);
  }

  #forgetAll(version: AgentVersion): void {
    for (const timer of this.#records.get(version)?.timers.values() ?? []) clearTimeout(timer);
    this.#records.delete(version);
  }
}

function backoffMs(traps: number): number {
  return Math.min(LIMITS.restart_backoff_ms * 2 ** (traps - 1), LIMITS.restart_backoff_max_ms);
}
