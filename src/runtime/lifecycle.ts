import { wallMs } from '../base/clock.js';
import { CaxtonError, type PlainError } from '../base/errors.js';
import type { Store } from '../store/store.js';
import type { Agent } from './agent.js';
import type { EventBus } from './events.js';
import type { AgentState } from './types.js';

/** Which state may follow which: unloaded → loaded → running ⇄ draining → stopped; any → failed. */
const TRANSITIONS: Readonly<Record<AgentState, readonly AgentState[]>> = Object.freeze({
  unloaded: [],
  loaded: ['running', 'failed', 'stopped'],
  running: ['draining', 'failed'],
  draining: ['running', 'stopped', 'failed'],
  stopped: ['loaded', 'failed'],
  failed: ['loaded', 'failed'],
});

/** Changes agents' states: every change is legal, stored and told. */
export class Lifecycle {
  readonly #store: Store;
  readonly #events: EventBus;

  constructor(store: Store, events: EventBus) {
    this.#store = store;
    this.#events = events;
  }

  /**
   * @throws CaxtonError CONFLICT when the state doesn't follow from the present one, UNAVAILABLE
   * when the store is too far behind; then the agent stays as it is
   */
  change(agent: Agent, to: AgentState, reason?: PlainError): void {
    const from = agent.state;
    if (!TRANSITIONS[from].includes(to)) {
      throw new CaxtonError('CONFLICT', `Agent '${agent.id}' is ${from} and can't become ${to}.`, {
        agent_id: agent.id,
        status: from,
      });
    }
    this.#keep(agent, to);
    agent.failure = to === 'failed' ? reason : undefined;
    if (to === 'running' && from === 'loaded') agent.runningSinceMs = wallMs();
    else if (to !== 'running' && to !== 'draining') agent.runningSinceMs = 0;
    this.#enter(agent, to, reason);
    if (to === 'failed') {
      this.#events.publish('agent.failed', {
        agent_id: agent.id,
        name: agent.name,
        error: { code: reason?.code, message: reason?.message },
      });
    }
  }

  /** A new agent, or one of the store, is known from now on; it is stored when it runs. */
  load(agent: Agent): void {
    this.#enter(agent, 'loaded', undefined);
  }

  // First: a change that the store has no room for must not be half made. That an agent has ended
  // can't be refused; a restart then finds it in its former state.
  #keep(agent: Agent, to: AgentState): void {
    try {
      this.#store.putAgent(agent.toRecord(to));
    } catch (error) {
      if (to !== 'failed' && to !== 'stopped') throw error;
    }
  }

  /** The agent is removed, in whatever state it is: nothing brings it back from here. */
  unload(agent: Agent): void {
    this.#enter(agent, 'unloaded', undefined);
  }

  #enter(agent: Agent, to: AgentState, reason: PlainError | undefined): void {
    const from = agent.state;
    agent.state = to;
    this.#events.publish('agent.state_changed', {
      agent_id: agent.id,
      name: agent.name,
      from,
      to,
      ...(reason === undefined ? {} : { error: { code: reason.code, message: reason.message } }),
    });
  }
}
