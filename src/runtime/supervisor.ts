import { monotonicMs } from '../base/clock.js';
import type { PlainError } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { AgentVersion, Instance } from './agent.js';

interface Record {
  /** Monotonic milliseconds of the traps of the last minute. */
  readonly traps: number[];
  /** The same of workers that died in the hands of the version. */
  readonly deaths: number[];
  readonly timers: Map<Instance, NodeJS.Timeout>;
}

/** What the supervisor decides and others do. */
export interface SupervisorActions {
  /** Puts a fresh instance in the place of the one that trapped. Failing counts as a trap. */
  restart(instance: Instance): void;
  /** Too many traps or deaths: the version is not started again by itself. */
  giveUp(version: AgentVersion, error: PlainError): void;
}

const MINUTE_MS = 60_000;

/**
 * Restarts instances that trapped: after 100 ms, twice as long each further time up to 30 s; five
 * traps of one version within a minute, and it has failed. A worker that dies in its hands takes
 * the other agents there along, so of that three times within a minute are enough.
 */
export class Supervisor {
  readonly #actions: SupervisorActions;
  #stopped = false;
  readonly #records = new Map<AgentVersion, Record>();
  /** How many workers have died while the instance was started, since a start went well. */
  readonly #startDeaths = new Map<Instance, number>();
  /** Those that were given up for that, as long as nobody has asked. */
  readonly #condemned = new Map<Instance, PlainError>();

  readonly #nowMs: () => number;

  /** @param nowMs a clock that never steps back */
  constructor(actions: SupervisorActions, nowMs: () => number = monotonicMs) {
    this.#actions = actions;
    this.#nowMs = nowMs;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** The instance is of no use any more, for the reason given. */
  trapped(instance: Instance, error: PlainError): void {
    if (this.#stopped) return;
    const { version } = instance;
    const record = this.#recordOf(version);
    if (addTime(record.traps, this.#nowMs()) >= LIMITS.restarts_per_minute) {
      this.#giveUp(version, error);
      return;
    }
    clearTimeout(record.timers.get(instance));
    const restart = (): void => {
      record.timers.delete(instance);
      this.#actions.restart(instance);
    };
    record.timers.set(instance, setTimeout(restart, backoffMs(record.traps.length)));
  }

  /** A worker died in the hands of the instance, for no reason that is known. */
  workerDied(instance: Instance, error: PlainError): void {
    if (this.#stopped) return;
    const { version, agent } = instance;
    const deaths = addTime(this.#recordOf(version).deaths, this.#nowMs());
    if (deaths < LIMITS.worker_deaths_per_minute) this.trapped(instance, error);
    else this.#giveUp(version, tooManyDeaths(agent.id, deaths));
  }

  /** A worker died while the instance was started, for no reason that is known. */
  workerDiedAtStart(instance: Instance): void {
    if (this.#stopped) return;
    const deaths = (this.#startDeaths.get(instance) ?? 0) + 1;
    this.#startDeaths.set(instance, deaths);
    if (deaths < LIMITS.worker_deaths_per_start) return;
    this.#startDeaths.delete(instance);
    const reason = startDeaths(instance.agent.id, deaths);
    this.#condemned.set(instance, reason);
    this.#giveUp(instance.version, reason);
  }

  /** Why nobody should try to start the instance again, if it cost too many workers; told once. */
  condemned(instance: Instance): PlainError | undefined {
    const reason = this.#condemned.get(instance);
    this.#condemned.delete(instance);
    return reason;
  }

  /** The instance was started. */
  started(instance: Instance): void {
    this.#startDeaths.delete(instance);
  }

  /** The instance ends; with the last of its version the traps are forgotten. */
  forget(instance: Instance): void {
    this.#startDeaths.delete(instance);
    this.#condemned.delete(instance);
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

  #recordOf(version: AgentVersion): Record {
    const record = this.#records.get(version) ?? { traps: [], deaths: [], timers: new Map() };
    this.#records.set(version, record);
    return record;
  }

  #giveUp(version: AgentVersion, error: PlainError): void {
    this.#forgetAll(version);
    this.#actions.giveUp(version, error);
  }

  #forgetAll(version: AgentVersion): void {
    for (const timer of this.#records.get(version)?.timers.values() ?? []) clearTimeout(timer);
    this.#records.delete(version);
  }
}

/** Adds the present moment to those of the last minute. @returns how many they are */
function addTime(times: number[], nowMs: number): number {
  const recent = times.findIndex((at) => nowMs - at < MINUTE_MS);
  times.splice(0, recent < 0 ? times.length : recent);
  return times.push(nowMs);
}

function backoffMs(traps: number): number {
  return Math.min(LIMITS.restart_backoff_ms * 2 ** (traps - 1), LIMITS.restart_backoff_max_ms);
}

function tooManyDeaths(agentId: string, deaths: number): PlainError {
  return {
    code: 'MESSAGE_DELIVERY_FAILED',
    message: `${deaths} workers died within a minute while the agent was at work. Mend it, or keep away from it what it dies of, then start it with POST /api/v1/agents/${agentId}/start.`,
    details: { agent_id: agentId, worker_deaths: deaths },
  };
}

function startDeaths(agentId: string, deaths: number): PlainError {
  return {
    code: 'DEPLOYMENT_FAILED',
    message: `${deaths} workers died one after the other while the agent was started.`,
    details: { agent_id: agentId, worker_deaths: deaths },
  };
}
