import assert from 'node:assert/strict';
import { ApiFailure, type WaitAnswer } from '../api/driver.js';
import type { ServeProcess } from '../cli/cli-process.js';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';
import { call, deployForm } from '../support/rest-client.js';
import { versioned } from '../support/versioned.js';
import type { Dice } from './load.js';

export interface AgentView {
  readonly agent_id: string;
  readonly name: string;
  readonly status: string;
  readonly version: string;
  readonly created_at: string;
  readonly resources: { readonly limits: object };
}

interface Deployment {
  readonly deployment_id: string;
  readonly status: string;
  readonly from_version: string;
  readonly to_version: string;
}

const ROLLER = 'roller';
const AGENTS_MAX = 3;
const ENDED: readonly string[] = ['completed', 'rolled_back', 'failed'];
const STRATEGIES = [
  { type: 'rolling' },
  { type: 'blue_green', cleanup_delay: '100ms' },
  {
    type: 'canary',
    stages: [
      { percentage: 50, duration: '200ms' },
      { percentage: 100, duration: '0' },
    ],
  },
];

export function api<T>(
  server: ServeProcess,
  method: string,
  path: string,
  body?: unknown,
): Promise<T> {
  return call(`${server.url}/api/v1${path}`, method, body);
}

/** What must be the same after a restart, by name. */
export async function agentsOf(server: ServeProcess): Promise<Map<string, Partial<AgentView>>> {
  const { agents } = await api<{ agents: AgentView[] }>(server, 'GET', '/agents?limit=500');
  const views = await Promise.all(
    agents.map(({ agent_id }) => api<AgentView>(server, 'GET', `/agents/${agent_id}`)),
  );
  return new Map(
    views.map(({ agent_id, name, status, version, created_at, resources }) => [
      name,
      { agent_id, status, version, created_at, resources: { limits: resources.limits } },
    ]),
  );
}

/** One thing that was asked of the server, whose answer may have come before the kill, or not. */
interface Change {
  readonly answered: Promise<boolean>;
  /** Checks that what is there is what it made, when it was answered, or nothing half done. */
  check(server: ServeProcess, answered: boolean): Promise<void>;
}

/** Agents that come and go, tasks and rollouts, and what of them must be there after a kill. */
export class ChangingWorld {
  readonly #dice: Dice;
  readonly #agents = new Map<string, Partial<AgentView>>();
  readonly #tasks = new Set<string>();
  #changes: Change[] = [];
  #version = 1;
  #deployments = 0;

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  get told(): string {
    return `${this.#deployments} rollouts, ${this.#tasks.size} tasks`;
  }

  async begin(server: ServeProcess): Promise<void> {
    const form = deployForm((await versioned('odd')) as Uint8Array<ArrayBuffer>, {
      name: ROLLER,
      version: '1.0.0',
      resources: { instances: 2 },
    });
    await api(server, 'POST', '/agents', form);
  }

  /** Asks for one change, and doesn't wait for it. */
  change(server: ServeProcess, round: number): void {
    const kind = this.#dice.whole(0, 3);
    if (kind === 0) this.#changes.push(this.#createTask(server, round));
    else if (kind > 1) this.#changes.push(this.#rollOut(server));
    else if (this.#agents.size < AGENTS_MAX) this.#changes.push(this.#deploy(server, round));
    else this.#changes.push(this.#remove(server));
  }

  async check(server: ServeProcess): Promise<void> {
    for (const change of this.#changes) await change.check(server, await change.answered);
    this.#changes = [];
    const agents = await agentsOf(server);
    for (const [name, view] of this.#agents) assert.deepEqual(agents.get(name), view, name);
    for (const id of this.#tasks) {
      const task = await api<{ status: string }>(server, 'GET', `/tasks/${id}`);
      assert.equal(task.status, 'created', id);
    }
    await this.#checkRoller(server);
  }

  /** To be called when no kill follows: what was under way comes to its end. */
  async settle(server: ServeProcess): Promise<void> {
    const path = `/deployments?agent_id=${ROLLER}&limit=500`;
    const { deployments } = await eventually('rollouts end', async () => {
      const page = await api<{ deployments: Deployment[] }>(server, 'GET', path);
      return page.deployments.every(({ status }) => ENDED.includes(status)) && page;
    });
    const ids = deployments.map(({ deployment_id }) => deployment_id);
    assert.equal(new Set(ids).size, ids.length, 'deployments are there once');
    await this.#checkRoller(server);
  }

  // A conversation begun now is on a version that the agent has, whole.
  async #checkRoller(server: ServeProcess): Promise<void> {
    const message = { performative: 'request', sender: 'tester', receiver: ROLLER, content: 1 };
    const { reply } = await api<WaitAnswer>(server, 'POST', '/messages?wait=true', message);
    assert.ok(['odd', 'even'].includes(String(reply.content)), JSON.stringify(reply));
    const { status, version } = await api<AgentView>(server, 'GET', `/agents/${ROLLER}`);
    assert.equal(status, 'running');
    assert.ok(Number(version.split('.')[0]) <= this.#version, version);
  }

  #deploy(server: ServeProcess, round: number): Change {
    const name = `late-${round}`;
    let deployed: AgentView | undefined;
    const answered = answers(
      api<AgentView>(server, 'POST', '/agents', deployForm(sampleAgent('echo'), { name })),
      (view) => {
        deployed = view;
      },
    );
    const check = async (next: ServeProcess): Promise<void> => {
      const view = (await agentsOf(next)).get(name);
      if (deployed !== undefined) {
        assert.deepEqual([view?.agent_id, view?.status], [deployed.agent_id, 'running'], name);
      }
      if (view !== undefined) this.#agents.set(name, view);
    };
    return { answered, check };
  }

  #remove(server: ServeProcess): Change {
    const name = this.#dice.pick([...this.#agents.keys()]);
    const answered = answers(api(server, 'DELETE', `/agents/${name}`));
    this.#agents.delete(name);
    const check = async (next: ServeProcess, removed: boolean): Promise<void> => {
      const view = (await agentsOf(next)).get(name);
      if (removed) assert.equal(view, undefined, `${name} is removed`);
      else if (view !== undefined) this.#agents.set(name, view);
    };
    return { answered, check };
  }

  #createTask(server: ServeProcess, round: number): Change {
    const task = { name: `task-${round}`, participants: ['echo'] };
    const answered = answers(
      api<{ task_id: string }>(server, 'POST', '/tasks', task),
      ({ task_id }) => this.#tasks.add(task_id),
    );
    return { answered, check: async () => undefined };
  }

  #rollOut(server: ServeProcess): Change {
    this.#version += 1;
    const version = `${this.#version}.0.0`;
    const strategy = this.#dice.pick(STRATEGIES);
    let id = '';
    const begin = async (): Promise<void> => {
      const module = await versioned(this.#version % 2 === 0 ? 'even' : 'odd');
      const wasm_module = Buffer.from(module).toString('base64');
      const body = { agent_id: ROLLER, wasm_module, version, strategy };
      const { deployment_id } = await api<Deployment>(server, 'POST', '/deployments', body);
      id = deployment_id;
    };
    const answered = answers(begin(), () => {
      this.#deployments += 1;
    });
    const check = async (next: ServeProcess, begun: boolean): Promise<void> => {
      if (!begun) return;
      const state = await api<Deployment>(next, 'GET', `/deployments/${id}`);
      assert.equal(state.to_version, version);
    };
    return { answered, check };
  }
}

/** Whether it was done, as far as its caller knows. A refusal is an answer, of nothing done. */
function answers<T>(asked: Promise<T>, done: (answer: T) => void = () => undefined) {
  return asked.then(
    (answer) => {
      done(answer);
      return true;
    },
    (error: unknown) => {
      if (error instanceof ApiFailure && error.code !== 'CONFLICT') throw error;
      return false;
    },
  );
}
