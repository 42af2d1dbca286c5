import type { Message } from '../fipa/message.js';
import { SeededRandom } from './seeded-random.js';

/** The call into a guest that is under way; a worker makes one at a time. */
export class CurrentCall {
  readonly #random = new SeededRandom();
  #agentId = '';
  #occasion = '';
  #seeded = false;

  /** The time the guest sees, µs since the Unix epoch. */
  timestampUs = 0;
  /** The message being handled; undefined in a timer, a start or a shutdown. */
  handled: Message | undefined;

  /**
   * @param occasion what the random numbers depend on beside the agent: the message's id, the
   *   timer's id and due time, or the step of the agent's life
   */
  begin(agentId: string, occasion: string, timestampUs: number, handled?: Message): void {
    this.#agentId = agentId;
    this.#occasion = occasion;
    this.#seeded = false;
    this.timestampUs = timestampUs;
    this.handled = handled;
  }

  get random(): SeededRandom {
    // Most messages ask for no random number, so that seeding waits for the first that does.
    if (!this.#seeded) {
      this.#random.seed(`${this.#agentId}\n${this.#occasion}`);
      this.#seeded = true;
    }
    return this.#random;
  }
}
