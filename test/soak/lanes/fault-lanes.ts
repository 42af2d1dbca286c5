import type { Dice } from '../../faults/load.js';
import { type Lane, tally, type World } from '../world.js';

/** Ends worker threads, and stops the whole process for a while. */
export class FaultLane implements Lane {
  /** Each end of a thread may cost an agent one of the four failures it has in a minute. */
  readonly pauseMs = 30_000;
  readonly #world: World;
  readonly #dice: Dice;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  async step(): Promise<void> {
    const { server } = this.#world;
    if (this.#dice.whole(0, 2) === 0) {
      await server.pause(this.#dice.whole(200, 1_000));
      tally(this.#world, 'processes paused');
    } else {
      const { epoch } = server;
      try {
        await server.endThread(this.#dice.whole(0, 100));
        tally(this.#world, 'worker threads ended');
      } catch (error) {
        // The process was ended before it could end its thread.
        if (server.epoch === epoch) throw error;
      }
    }
  }

  async rest(): Promise<void> {}
}
