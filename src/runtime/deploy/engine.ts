import {
  type CaxtonError,
  type PlainError,
  toCaxtonError,
  toPlainError,
} from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { Logger } from '../../base/log.js';
import { type Command, type DeploymentEvent, transition } from './machine.js';
import type { Scheduler } from './scheduler.js';
import { type DeploymentState, hasEnded } from './state.js';
import type { VersionControl, VersionFigures } from './version-control.js';

export interface EngineParts {
  readonly scheduler: Scheduler;
  readonly logger: Logger;
  /** Keeps a state. May throw while the store takes nothing; it is then asked again. */
  readonly save: (state: DeploymentState) => void;
  /** Told of every change of status, stage or share, after it was kept. */
  readonly changed: (before: DeploymentState, after: DeploymentState) => void;
  /** Told once, when the last state is kept. */
  readonly ended: (state: DeploymentState) => void;
}

/**
 * Runs one deployment of any strategy: hands events to the state machine one at a time, keeps the
 * state that follows, then does what the machine asks for. All effects of deployments happen here.
 */
export class DeploymentRun {
  readonly #parts: EngineParts;
  readonly #control: VersionControl;
  readonly #events: DeploymentEvent[] = [];
  #state: DeploymentState;
  #busy = false;
  #stopped = false;
  #saved = false;
  /** Figures as they were last kept. */
  #keptFigures: VersionFigures;
  #cancelWait: (() => void) | undefined;
  #cancelCheck: (() => void) | undefined;
  #cancelSave: (() => void) | undefined;

  constructor(state: DeploymentState, control: VersionControl, parts: EngineParts) {
    this.#state = state;
    this.#keptFigures = state.figures;
    this.#control = control;
    this.#parts = parts;
  }

  get state(): DeploymentState {
    return this.#state;
  }

  /**
   * Handles an event and everything that follows from it at once. What the version control reports
   * in the middle of a call waits until that call's own event is handled.
   */
  deliver(event: DeploymentEvent): void {
    this.#events.push(event);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#events.shift(); next; next = this.#events.shift()) this.#handle(next);
    } finally {
      this.#busy = false;
    }
  }

  /** The server stops: the deployment stays where it is, for the next start to go on with. */
  stop(): void {
    if (this.#stopped) return;
    if (this.#state.status === 'in_progress') {
      this.#state = { ...this.#state, figures: this.#control.figures() };
    }
    this.#keepFigures();
    this.#stopped = true;
    this.#cancelTimers();
    this.#cancelSave?.();
  }

  #handle(event: DeploymentEvent): void {
    if (this.#stopped) return;
    const before = this.#state;
    const moment = { nowMs: this.#parts.scheduler.nowMs(), figures: this.#control.figures() };
    const { state, commands } = transition(before, event, moment);
    this.#state = state;
    if (commands.length > 0 || state.status !== before.status) {
      this.#cancelTimers();
      // Before the commands: what is on disk is never behind what was begun.
      this.#save();
      this.#parts.changed(before, state);
      for (const command of commands) this.#execute(command);
    } else if (event.type === 'figures') {
      this.#keepFigures();
    }
    this.#watch();
    this.#tellEnd();
  }

  #execute(command: Command): void {
    const control = this.#control;
    if (command.type === 'set_share') this.#setShare(command.percent, command.sinceMs);
    else if (command.type === 'wait') this.#wait(command.id, command.durationMs);
    else this.#await(command.id, () => call(control, command));
  }

  #wait(id: number, durationMs: number): void {
    this.#cancelWait = this.#parts.scheduler.after(durationMs, () =>
      this.deliver({ type: 'done', id }),
    );
  }

  #setShare(percent: number, sinceMs: number): void {
    try {
      this.#control.setShare(percent, sinceMs);
    } catch (error) {
      this.deliver({ type: 'unhealthy', error: this.#plain(error) });
    }
  }

  // Called at once, so that calls come in the order of the commands.
  #await(id: number, act: () => Promise<void>): void {
    const failed = (error: unknown): void =>
      this.deliver({ type: 'failed', id, error: this.#plain(error) });
    try {
      void act().then(() => this.deliver({ type: 'done', id }), failed);
    } catch (error) {
      failed(error);
    }
  }

  #plain(error: unknown): PlainError {
    const known: CaxtonError = toCaxtonError(error);
    if (known.code === 'INTERNAL_ERROR') {
      this.#log(known.cause ?? known, 'a step of a deployment failed unexpectedly');
    }
    return toPlainError(known);
  }

  /** Looks at the figures again in a while, for as long as they may matter. */
  #watch(): void {
    if (this.#state.status !== 'in_progress' || this.#cancelCheck !== undefined) return;
    this.#cancelCheck = this.#parts.scheduler.after(LIMITS.deployment_check_ms, () => {
      this.#cancelCheck = undefined;
      this.deliver({ type: 'figures' });
    });
  }

  #cancelTimers(): void {
    this.#cancelWait?.();
    this.#cancelCheck?.();
    this.#cancelWait = undefined;
    this.#cancelCheck = undefined;
  }

  // A store that is full for a while must not leave an older state behind for good: a rollback
  // would be undone by the next start.
  #save(): void {
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    this.#saved = false;
    try {
      this.#parts.save(this.#state);
      this.#saved = true;
      this.#keptFigures = this.#state.figures;
    } catch (error) {
      this.#log(error, 'the state of a deployment could not be kept; trying again');
      this.#cancelSave = this.#parts.scheduler.after(LIMITS.deployment_check_ms, () => {
        this.#save();
        this.#tellEnd();
      });
    }
  }

  // What failed before a restart must count after it: a bad version would else never turn back. One
  // write a second at most, while messages come; a store that takes none is asked at the next look.
  #keepFigures(): void {
    const { figures } = this.#state;
    const { messages, failed } = this.#keptFigures;
    if (!this.#saved || (figures.messages === messages && figures.failed === failed)) return;
    try {
      this.#parts.save(this.#state);
      this.#keptFigures = figures;
    } catch (error) {
      this.#log(error, 'the figures of a deployment could not be kept; trying again');
    }
  }

  #tellEnd(): void {
    if (!this.#saved || !hasEnded(this.#state) || this.#stopped) return;
    this.#stopped = true;
    this.#cancelTimers();
    this.#parts.ended(this.#state);
  }

  #log(error: unknown, text: string): void {
    const { deploymentId, agentId } = this.#state.plan;
    this.#parts.logger.error({ err: error, deployment_id: deploymentId, agent_id: agentId }, text);
  }
}

type Call = Exclude<Command, { type: 'set_share' | 'wait' }>;

function call(control: VersionControl, command: Call): Promise<void> {
  switch (command.type) {
    case 'start_new':
      return control.startNew(command.instances);
    case 'check_new':
      return control.checkNew();
    case 'retire_old':
      return control.retireOld(command.instances);
    case 'finish':
      return control.finish();
    case 'roll_back':
      return control.rollBack();
  }
}
