import type { PlainError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { type DeploymentState, hasEnded, messagesSeen, type StageState } from './state.js';
import { STRATEGIES } from './strategies.js';
import type { Step } from './strategy.js';
import { thresholdPassed } from './thresholds.js';
import type { VersionFigures } from './version-control.js';

/** What the engine is to do. Those with an id end with a `done` or `failed` event of that id. */
export type Command =
  | { readonly type: 'start_new'; readonly id: number; readonly instances: number }
  | { readonly type: 'check_new'; readonly id: number }
  | { readonly type: 'set_share'; readonly percent: number; readonly sinceMs: number }
  | { readonly type: 'wait'; readonly id: number; readonly durationMs: number }
  | { readonly type: 'retire_old'; readonly id: number; readonly instances: number }
  | { readonly type: 'finish'; readonly id: number }
  | { readonly type: 'roll_back'; readonly id: number };

export type DeploymentEvent =
  | { readonly type: 'begin' }
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly error: PlainError }
  /** It is time to look at the figures. */
  | { readonly type: 'figures' }
  /** The new version has failed for good, whatever is under way. */
  | { readonly type: 'unhealthy'; readonly error: PlainError }
  | { readonly type: 'roll_back'; readonly reason: string }
  /** The server was started again; `finished`: the new version is the agent's already. */
  | { readonly type: 'resume'; readonly finished: boolean }
  /** There is nothing left to deploy to. */
  | { readonly type: 'agent_removed' };

/** What is known when an event happens, whichever it is. */
export interface Moment {
  readonly nowMs: number;
  readonly figures: VersionFigures;
}

export interface Transition {
  readonly state: DeploymentState;
  readonly commands: readonly Command[];
}

const NOTHING: readonly Command[] = Object.freeze([]);

/**
 * The whole of a deployment: (state, event) → (state, commands), without side effects. The
 * strategy says which step follows which; failing, turning back, going on after a restart and
 * ending are the same for all strategies and stand here.
 *
 *   initializing ──▶ in_progress ──▶ completed
 *        │                │
 *        └──────┬─────────┘  by hand, failed start or check, thresholds
 *               ▼
 *          rolling_back ──▶ rolled_back | failed
 */
export function transition(
  before: DeploymentState,
  event: DeploymentEvent,
  moment: Moment,
): Transition {
  if (hasEnded(before)) return { state: before, commands: NOTHING };
  const state = looked(before, moment);
  switch (event.type) {
    case 'begin':
      return advance(state, moment);
    case 'done':
      return event.id === state.awaited ? stepDone(state, moment) : guarded(state, moment);
    case 'failed':
      return event.id === state.awaited ? broken(state, event.error, moment) : same(state);
    case 'figures':
      return guarded(state, moment, leaveEarly);
    case 'unhealthy':
      return canTurnBack(state) ? broken(state, event.error, moment) : same(state);
    case 'roll_back':
      return canTurnBack(state)
        ? turnBack(state, event.reason, 'rolled_back', moment)
        : same(state);
    case 'resume':
      return resume(before, event.finished, moment);
    case 'agent_removed':
      return same(ended(state, 'failed', 'The agent was removed during the deployment.', moment));
  }
}

/** Whether it can still be rolled back: not once the new version is being made the agent's. */
export function canTurnBack(state: DeploymentState): boolean {
  if (hasEnded(state) || state.status === 'rolling_back') return false;
  return state.step?.phase !== 'finishing' || state.restoring;
}

// What counts is what made it turn back, not what its last instances still finish.
function looked(state: DeploymentState, { figures }: Moment): DeploymentState {
  return state.status === 'rolling_back' ? state : { ...state, figures };
}

function same(state: DeploymentState): Transition {
  return { state, commands: NOTHING };
}

/** Turns back when the figures are too bad; `otherwise` says what happens when they are not. */
function guarded(
  state: DeploymentState,
  moment: Moment,
  otherwise: (state: DeploymentState, moment: Moment) => Transition = same,
): Transition {
  const watched = state.status === 'in_progress' && state.share > 0 && canTurnBack(state);
  const reason = watched ? thresholdPassed(state) : undefined;
  if (reason === undefined) return otherwise(state, moment);
  return turnBack(state, reason, 'rolled_back', moment);
}

function stepDone(state: DeploymentState, moment: Moment): Transition {
  if (state.status === 'rolling_back') {
    return same(ended(state, state.endsAs, state.reason, moment));
  }
  if (state.restoring) return restored(state, moment);
  const { step } = state;
  switch (step?.phase) {
    case 'starting': {
      const started: DeploymentState = {
        ...state,
        status: 'in_progress',
        newInstances: step.instances,
        changedMs: moment.nowMs,
      };
      return guarded(started, moment, advance);
    }
    case 'retiring':
      return guarded({ ...state, retiredInstances: step.instances }, moment, advance);
    case 'finishing':
      return same(ended(state, 'completed', undefined, moment));
    default:
      return guarded(state, moment, advance);
  }
}

function advance(state: DeploymentState, moment: Moment): Transition {
  return enter(state, STRATEGIES[state.plan.strategy].next(state), moment);
}

function enter(before: DeploymentState, step: Step, moment: Moment): Transition {
  const state = inStage({ ...before, step }, step, moment);
  switch (step.phase) {
    case 'starting':
      return awaiting(state, (id) => ({ type: 'start_new', id, instances: step.instances }));
    case 'checking':
      return awaiting(state, (id) => ({ type: 'check_new', id }));
    case 'holding':
      return hold(state, step.stage, moment);
    case 'retiring':
      return awaiting(state, (id) => ({ type: 'retire_old', id, instances: step.instances }));
    case 'finishing':
      return awaiting(state, (id) => ({ type: 'finish', id }));
  }
}

function awaiting(state: DeploymentState, command: (id: number) => Command): Transition {
  const id = state.commands + 1;
  return { state: { ...state, commands: id, awaited: id }, commands: [command(id)] };
}

function hold(before: DeploymentState, stage: number, moment: Moment): Transition {
  const { percentage, durationMs } = before.plan.stages[stage - 1]!;
  const { messages: messagesBefore } = messagesSeen(before);
  const { state: shared, command: share } = withShare(before, percentage, moment);
  const state = { ...shared, messagesBefore, changedMs: moment.nowMs };
  const after =
    durationMs > 0
      ? awaiting(state, (id) => ({ type: 'wait', id, durationMs }))
      : advance({ ...state, awaited: 0 }, moment);
  return { state: after.state, commands: [share, ...after.commands] };
}

/** Ends a stage that was to last only until there is enough to judge the new version by. */
function leaveEarly(state: DeploymentState, moment: Moment): Transition {
  if (state.step?.phase !== 'holding' || state.restoring) return same(state);
  const { enoughMessages } = state.plan.stages[state.step.stage - 1]!;
  if (enoughMessages === undefined) return same(state);
  const messages = messagesSeen(state).messages - state.messagesBefore;
  return messages >= enoughMessages ? advance({ ...state, awaited: 0 }, moment) : same(state);
}

/** A share that is the new version's already stays as it is, since when too. */
function withShare(
  state: DeploymentState,
  percent: number,
  { nowMs }: Moment,
): { readonly state: DeploymentState; readonly command: Command } {
  const before = state.shares ?? [];
  const last = before.at(-1);
  const shares = last?.percent === percent ? before : [...before, { percent, sinceMs: nowMs }];
  const { sinceMs } = shares.at(-1)!;
  return {
    state: { ...state, share: percent, shares },
    command: { type: 'set_share', percent, sinceMs },
  };
}

/** Closes the stage before and opens the step's own, where it is another. */
function inStage(state: DeploymentState, step: Step, { nowMs }: Moment): DeploymentState {
  if (step.phase === 'finishing') return closeStage(state, 'completed', nowMs);
  if (step.stage === state.stage) return state;
  const closed = closeStage(state, 'completed', nowMs);
  const opened: StageState = {
    stage: step.stage,
    percentage: state.plan.stages[step.stage - 1]!.percentage,
    status: 'in_progress',
    startedMs: nowMs,
    endedMs: undefined,
  };
  return { ...closed, stage: step.stage, stages: [...closed.stages, opened], changedMs: nowMs };
}

function closeStage(
  state: DeploymentState,
  status: 'completed' | 'rolled_back',
  nowMs: number,
): DeploymentState {
  const last = state.stages.at(-1);
  if (last?.status !== 'in_progress') return state;
  const stages = [...state.stages.slice(0, -1), { ...last, status, endedMs: nowMs }];
  return { ...state, stages, changedMs: nowMs };
}

/** A command failed, or the new version did. */
function broken(state: DeploymentState, error: PlainError, moment: Moment): Transition {
  if (state.status === 'rolling_back') {
    const reason = `${state.reason} Going back to version ${state.plan.fromVersion} failed too: ${error.message}`;
    return same(ended(state, 'failed', reason, moment));
  }
  // There is no going on with a version that doesn't run: without rollback_on_error too the old one
  // gets everything back, only that it isn't called a rollback.
  const endsAs = state.plan.rollback.onError ? 'rolled_back' : 'failed';
  const where = state.restoring ? 'restarting' : (state.step?.phase ?? 'starting');
  const reason = `Version ${state.plan.toVersion} failed while ${where}: ${error.message}`;
  return turnBack(state, reason, endsAs, moment);
}

function turnBack(
  before: DeploymentState,
  reason: string,
  endsAs: 'rolled_back' | 'failed',
  { nowMs }: Moment,
): Transition {
  const state: DeploymentState = {
    ...closeStage(before, 'rolled_back', nowMs),
    status: 'rolling_back',
    restoring: false,
    share: 0,
    shares: [],
    endsAs,
    reason: bounded(reason),
    changedMs: nowMs,
  };
  return awaiting(state, (id) => ({ type: 'roll_back', id }));
}

// What an agent says of its failure can be long.
function bounded(reason: string): string {
  return reason.slice(0, LIMITS.deployment_reason_characters);
}

function ended(
  before: DeploymentState,
  status: 'completed' | 'rolled_back' | 'failed',
  reason: string | undefined,
  { nowMs }: Moment,
): DeploymentState {
  const completed = status === 'completed';
  return {
    ...closeStage(before, completed ? 'completed' : 'rolled_back', nowMs),
    status,
    share: completed ? 100 : 0,
    shares: [],
    newInstances: completed ? before.plan.newInstances : 0,
    retiredInstances: completed ? before.plan.oldInstances : 0,
    restoring: false,
    awaited: 0,
    reason: reason && bounded(reason),
    changedMs: nowMs,
  };
}

/**
 * After a restart the agent runs on its stored version alone. What was on its way back goes on
 * doing so; what had not started its new version turns back; everything else brings the new version
 * to where it was and repeats the step that was under way, a stage with its whole duration.
 */
function resume(stopped: DeploymentState, finished: boolean, moment: Moment): Transition {
  if (finished) return same(ended(stopped, 'completed', undefined, moment));
  const { messages, failed } = stopped.figures;
  const earlier = {
    messages: stopped.earlier.messages + messages,
    failed: stopped.earlier.failed + failed,
  };
  const state = { ...stopped, figures: moment.figures, earlier };
  if (state.status === 'rolling_back') return awaiting(state, (id) => ({ type: 'roll_back', id }));
  if (state.status === 'initializing') {
    const reason = `The server stopped before version ${state.plan.toVersion} had started.`;
    return turnBack(state, reason, 'rolled_back', moment);
  }
  const { newInstances: instances } = state;
  return awaiting({ ...state, restoring: true }, (id) => ({ type: 'start_new', id, instances }));
}

/** The new version is up again: it gets its share back, and the step is repeated. */
function restored(before: DeploymentState, moment: Moment): Transition {
  const { state, command: share } = withShare(
    { ...before, restoring: false, awaited: 0 },
    before.share,
    moment,
  );
  const after = enter(state, state.step!, moment);
  return { state: after.state, commands: [share, ...after.commands] };
}
