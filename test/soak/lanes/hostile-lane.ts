import type { WaitAnswer } from '../../api/driver.js';
import type { Dice } from '../../faults/load.js';
import { EXPECTATIONS } from '../../hostile/expectations.js';
import { call } from '../../support/rest-client.js';
import { ENDLESS, HOSTILE } from '../population.js';
import { attempt, type Lane, type World } from '../world.js';

/** Asks agents that misbehave, and starts again those that have failed for good. */
export class HostileLane implements Lane {
  readonly pauseMs = 400;
  readonly #world: World;
  readonly #dice: Dice;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  async step(): Promise<void> {
    const agent = this.#dice.pick(Object.keys(HOSTILE));
    const url = `${this.#world.server.url}/api/v1`;
    // The watchdog will end its thread.
    if (agent === ENDLESS) this.#world.server.threadsEnded += 1;
    const answer = await attempt(this.#world, 'messages to hostile agents', 'hostile', () =>
      call<WaitAnswer>(`${url}/messages?wait=true`, 'POST', {
        performative: 'request',
        sender: `victim-${this.#world.round}`,
        receiver: agent,
        content: { attack: true },
      }),
    );
    if (answer === undefined) {
      await attempt(this.#world, 'hostile agents started again', 'hostile', () =>
        call(`${url}/agents/${agent}/start`, 'POST'),
      );
      return;
    }
    const { performative, content } = answer.reply;
    // A worker that ends fails what it has in hand, whatever the agent would have said.
    if (EXPECTATIONS[agent]?.kind === 'answers' && performative !== 'inform') {
      if (/^Worker \d+ died/.test((content as FailureContent).error?.message ?? '')) return;
      this.#world.book.unexplained.push(`${agent}: ${JSON.stringify(answer.reply)}`);
    } else if (EXPECTATIONS[agent]?.kind === 'fails' && performative !== 'failure') {
      this.#world.book.unexplained.push(`${agent}: ${JSON.stringify(answer.reply)}`);
    }
  }

  async rest(): Promise<void> {}
}

interface FailureContent {
  readonly error?: { readonly message: string };
}
