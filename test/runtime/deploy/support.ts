import { setImmediate as nextTurn } from 'node:timers/promises';
import { CaxtonError } from '../../../src/base/errors.js';
import { createLogger } from '../../../src/base/log.js';
import type { DeploymentRequest } from '../../../src/runtime/deploy/deployments.js';
import { DeploymentRun } from '../../../src/runtime/deploy/engine.js';
import type { Scheduler } from '../../../src/runtime/deploy/scheduler.js';
import {
  type DeploymentState,
  initialState,
  NO_FIGURES,
} from '../../../src/runtime/deploy/state.js';
import { type StrategyInput, toStrategyPlan } from '../../../src/runtime/deploy/strategy-plan.js';
import type {
  VersionControl,
  VersionFigures,
} from '../../../src/runtime/deploy/version-control.js';

export const silent = createLogger({ level: 'silent' });

/** Everything that is under way without a timer comes to its end. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await nextTurn();
}

/** Time that moves only when a test says so. */
export class FakeClock implements Scheduler {
  #nowMs = Date.parse('2024-01-15T10:30:00Z');
  readonly #timers = new Set<{ readonly dueMs: number; readonly call: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  get timers(): number {
    return this.#timers.size;
  }

  after(durationMs: number, call: () => void): () => void {
    const timer = { dueMs: this.#nowMs + durationMs, call };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Fires what comes due, in its order, and lets what it starts settle before the next. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await settle();
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#nowMs = due.dueMs;
      due.call();
      await settle();
    }
    this.#nowMs = untilMs;
  }
}

type Waiting = 'startNew' | 'checkNew' | 'retireOld' | 'finish' | 'rollBack';

/**
 * Two versions of an agent that are nothing but numbers: keeps the calls, and looks at each of them
 * whether what must hold in every deployment does.
 */
export class FakeVersions implements VersionControl {
  readonly calls: string[] = [];
  /** What must never be and was; a thrown error would pass for a version that failed. */
  readonly violations: string[] = [];
  /** What goes wrong, by the call's name. */
  readonly failures = new Map<Waiting, string>();
  /** Calls that don't end before `release`. */
  readonly held = new Set<Waiting>();
  figuresNow: VersionFigures = NO_FIGURES;
  finished = false;
  share = 0;
  oldInstances: number;
  newInstances = 0;
  readonly #all: number;
  #waiting: Array<() => void> = [];
  #finishing = false;

  constructor(oldInstances: number) {
    this.#all = oldInstances;
    this.oldInstances = oldInstances;
  }

  /** Ends the calls that were held. */
  async release(): Promise<void> {
    this.held.clear();
    for (const go of this.#waiting.splice(0)) go();
    await settle();
  }

  startNew(instances: number): Promise<void> {
    return this.#call('startNew', `startNew ${instances}`, () => {
      this.newInstances = Math.max(this.newInstances, instances);
    });
  }

  checkNew(): Promise<void> {
    return this.#call('checkNew', 'checkNew', () => {});
  }

  setShare(percent: number): void {
    this.calls.push(`setShare ${percent}`);
    this.#must(Number.isInteger(percent) && percent >= 0 && percent <= 100, `${percent} percent`);
    this.share = percent;
    this.#check();
  }

  retireOld(instances: number): Promise<void> {
    return this.#call('retireOld', `retireOld ${instances}`, () => {
      this.oldInstances = this.#all - instances;
    });
  }

  finish(): Promise<void> {
    this.#finishing = true;
    const over = (): void => {
      this.#finishing = false;
    };
    const result = this.#call('finish', 'finish', () => {
      this.#must(this.share === 100, 'finished before the new version had everything');
      this.finished = true;
      this.oldInstances = 0;
    });
    result.then(over, over);
    return result;
  }

  rollBack(): Promise<void> {
    this.#must(!this.finished && !this.#finishing, 'rolled back past the point of no return');
    return this.#call('rollBack', 'rollBack', () => {
      this.oldInstances = this.#all;
      this.share = 0;
      this.newInstances = 0;
    });
  }

  figures(): VersionFigures {
    return this.figuresNow;
  }

  /** Whoever gets conversations has instances. */
  #check(): void {
    this.#must(this.share === 0 || this.newInstances > 0, 'the new version has no instances');
    this.#must(this.share === 100 || this.oldInstances > 0, 'the old version has no instances');
  }

  #must(holds: boolean, violation: string): void {
    if (!holds) this.violations.push(`${violation} after ${this.calls.join(', ')}`);
  }

  #rollbacks = 0;

  async #call(name: Waiting, text: string, effect: () => void): Promise<void> {
    this.calls.push(text);
    if (name === 'rollBack') this.#rollbacks += 1;
    const rollbacks = this.#rollbacks;
    if (this.held.has(name)) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    // A rollback undoes what was under way.
    if (rollbacks !== this.#rollbacks) return;
    const failure = this.failures.get(name);
    if (failure !== undefined) throw new CaxtonError('DEPLOYMENT_FAILED', failure);
    effect();
    this.#check();
  }
}

export interface RunOptions {
  readonly kind?: 'deployment' | 'reload';
  readonly oldInstances?: number;
  readonly newInstances?: number;
}

export function requestOf(input: StrategyInput, options: RunOptions = {}): DeploymentRequest {
  const { kind = 'deployment', oldInstances = 1, newInstances = oldInstances } = options;
  return {
    ...toStrategyPlan(kind, input, newInstances, 'strategy'),
    agentId: 'agent_1',
    fromVersion: '1.0.0',
    toVersion: '2.0.0',
    oldInstances,
    newInstances,
    target: { moduleHash: 'ab'.repeat(32), config: { name: 'agent' } },
    createdBy: 'tester',
  };
}

/** One deployment, with nothing behind it but a fake clock and fake versions. */
export class TestRun {
  readonly clock = new FakeClock();
  readonly versions: FakeVersions;
  readonly run: DeploymentRun;
  /** States in the order in which they were kept. */
  readonly saved: DeploymentState[] = [];
  ends = 0;

  constructor(input: StrategyInput, options: RunOptions = {}) {
    const request = requestOf(input, options);
    this.versions = new FakeVersions(request.oldInstances);
    const state = initialState({
      ...request,
      deploymentId: 'deploy_1',
      createdMs: this.clock.nowMs(),
    });
    this.run = new DeploymentRun(state, this.versions, {
      scheduler: this.clock,
      logger: silent,
      save: (kept) => this.saved.push(kept),
      changed: () => {},
      ended: () => {
        this.ends += 1;
      },
    });
  }

  get state(): DeploymentState {
    return this.run.state;
  }

  async begin(): Promise<void> {
    this.run.deliver({ type: 'begin' });
    await settle();
  }

  /** Statuses, stages and shares in their order, each once: `in_progress 1 10%`. */
  get path(): string[] {
    const all = this.saved.map(({ status, stage, share }) => `${status} ${stage} ${share}%`);
    return all.filter((each, i) => each !== all[i - 1]);
  }
}
