import type { Dice } from '../../faults/load.js';
import { sampleAgent } from '../../support/guests.js';
import { call, deployForm } from '../../support/rest-client.js';
import { ROLLED, UNSTEADY } from '../population.js';
import { attempt, type Lane, tally, type World } from '../world.js';

const DEPLOYMENTS = [
  { type: 'immediate' },
  { type: 'rolling' },
  { type: 'blue_green', cleanup_delay: '1s' },
  {
    type: 'canary',
    stages: [
      { percentage: 20, duration: '1s' },
      { percentage: 100, duration: '0' },
    ],
  },
];
const RELOADS = [
  { strategy: 'graceful' },
  { strategy: 'immediate' },
  { strategy: 'parallel', trial: '1s' },
  { strategy: 'traffic_splitting', traffic_split: 30, trial: '1s' },
];

/** Gives agents new versions, by each strategy, and takes some of them back. */
export class DeploymentLane implements Lane {
  readonly pauseMs = 1_500;
  readonly #world: World;
  readonly #dice: Dice;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  async step(): Promise<void> {
    const agent = this.#dice.pick(ROLLED);
    const begin = this.#dice.pick([() => this.#deploy(agent), () => this.#reload(agent)]);
    const id = await attempt(this.#world, 'deployments', 'deployment', begin);
    if (id === undefined || this.#dice.whole(0, 3) !== 0) return;
    await attempt(this.#world, 'rollbacks', 'deployment', () =>
      call(`${this.#url}/deployments/${id}/rollback`, 'POST'),
    );
  }

  async rest(): Promise<void> {}

  async #deploy(agent: string): Promise<string> {
    const strategy = this.#dice.pick(DEPLOYMENTS);
    const answer = await call<{ deployment_id: string }>(`${this.#url}/deployments`, 'POST', {
      agent_id: agent,
      wasm_module: Buffer.from(sampleAgent('echo')).toString('base64'),
      strategy,
    });
    tally(this.#world, `deployments ${strategy.type}`);
    return answer.deployment_id;
  }

  async #reload(agent: string): Promise<string> {
    const config = this.#dice.pick(RELOADS);
    const answer = await call<{ hot_reload_id: string }>(
      `${this.#url}/agents/${agent}/reload`,
      'PUT',
      deployForm(sampleAgent('echo'), config),
    );
    tally(this.#world, `reloads ${config.strategy}`);
    return answer.hot_reload_id;
  }

  get #url(): string {
    return `${this.#world.server.url}/api/v1`;
  }
}

/** Stops, starts, removes and deploys agents. */
export class LifecycleLane implements Lane {
  readonly pauseMs = 800;
  readonly #world: World;
  readonly #dice: Dice;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  async step(): Promise<void> {
    const name = this.#dice.pick(UNSTEADY);
    const agents = `${this.#world.server.url}/api/v1/agents`;
    const [what, action] = this.#dice.pick<[string, () => Promise<unknown>]>([
      ['stops', () => call(`${agents}/${name}/stop`, 'POST', { grace_period_seconds: 1 })],
      ['stops', () => call(`${agents}/${name}/stop`, 'POST', { drain_messages: false })],
      ['starts', () => call(`${agents}/${name}/start`, 'POST')],
      ['starts', () => call(`${agents}/${name}/start`, 'POST')],
      ['removals', () => call(`${agents}/${name}`, 'DELETE')],
      ['deploys', () => call(agents, 'POST', deployForm(sampleAgent('echo'), { name }))],
      ['deploys', () => call(agents, 'POST', deployForm(sampleAgent('echo'), { name }))],
    ]);
    await attempt(this.#world, `agent ${what}`, 'unsteady', action);
  }

  async rest(): Promise<void> {}
}
