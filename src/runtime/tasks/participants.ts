import { agentNotFound, CaxtonError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { Clients } from '../clients.js';
import type { Directory } from '../directory.js';
import type { Performance } from './performance.js';
import type { Task } from './task.js';

/** Finds out whom a task is offered to. */
export class Participants {
  readonly #directory: Directory;
  readonly #clients: Clients;
  readonly #performance: Performance;

  constructor(directory: Directory, clients: Clients, performance: Performance) {
    this.#directory = directory;
    this.#clients = clients;
    this.#performance = performance;
  }

  /**
   * Ids of agents and names of clients, each once. A name that nobody has just now is among them
   * as long as another is known: it then counts as one that can't be reached.
   * @throws CaxtonError AGENT_NOT_FOUND when nobody is there, CONFLICT when none did well enough
   */
  of(task: Task): readonly string[] {
    const { minPerformanceScore: least } = task.definition;
    const found = this.#named(task) ?? this.#providers(task);
    const eligible = found.filter((name) => this.#performance.scoreOf(name) >= least);
    if (eligible.length > 0) return eligible;
    throw new CaxtonError(
      'CONFLICT',
      `None of the ${found.length} participants of task '${task.id}' has a performance score of ${least}; create it with a lower requirements.min_performance_score.`,
      {
        task_id: task.id,
        status: task.status,
        field: 'requirements.min_performance_score',
        best_score: Math.max(...found.map((name) => this.#performance.scoreOf(name))),
      },
    );
  }

  #named(task: Task): readonly string[] | undefined {
    const { participants } = task.definition;
    if (participants === undefined) return undefined;
    const known = (name: string) => this.#directory.find(name) ?? this.#clients.has(name);
    const first = participants[0] ?? '';
    if (!participants.some(known)) throw agentNotFound(first);
    return [...new Set(participants.map((name) => this.#directory.find(name)?.id ?? name))];
  }

  /** The agents that run and offer all of the capabilities, least loaded first. */
  #providers(task: Task): readonly string[] {
    const [first = '', ...others] = task.definition.capabilities;
    let agents = this.#directory.providers(first);
    for (const capability of others) {
      const able = new Set(this.#directory.providers(capability));
      agents = agents.filter((agent) => able.has(agent));
    }
    if (agents.length === 0) {
      const capabilities = task.definition.capabilities;
      throw new CaxtonError(
        'AGENT_NOT_FOUND',
        `No running agent offers ${capabilities.length === 1 ? 'the capability' : 'all of the capabilities'} ${capabilities.join(', ')}.`,
        { capabilities, searched_at: new Date().toISOString() },
      );
    }
    return agents
      .sort((a, b) => a.queued - b.queued)
      .slice(0, LIMITS.task_participants)
      .map((agent) => agent.id);
  }
}
