import type { SendAnswer } from '../../api/driver.js';
import type { Dice } from '../../faults/load.js';
import { call } from '../../support/rest-client.js';
import type { Lane, World } from '../world.js';
import { Correspondent } from './correspondent.js';

/** Sends over REST, and waits for some of the answers. */
export class RestLane implements Lane {
  readonly pauseMs = 40;
  readonly #client: Correspondent;

  constructor(world: World, dice: Dice) {
    this.#client = new Correspondent(world, dice, 'rest');
  }

  async step(): Promise<void> {
    const { dice, world } = this.#client;
    const persist = this.#client.persists();
    const message = this.#client.message(undefined, persist);
    const wait = dice.whole(0, 2) === 0 ? '?wait=true' : '';
    await this.#client.send(message, () =>
      call<SendAnswer>(`${world.server.url}/api/v1/messages${wait}`, 'POST', {
        ...message,
        options: { persist },
      }),
    );
  }

  async rest(): Promise<void> {}
}
