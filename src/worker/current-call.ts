import {
  decodeMessage,
  encodedHops,
  encodedMessageId,
  encodedTimestampUs,
} from '../fipa/binary.js';
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
  /** Where the message being handled lies; undefined in a timer, a start or a shutdown. */
  #source: Buffer | undefined;
  #offset = 0;
  #handled: Message | undefined;

  /**
   * @param occasion what the random numbers depend on beside the agent: the timer's id and due
   *   time, or the step of the agent's life
   */
  begin(agentId: string, occasion: string, timestampUs: number): void {
    this.#agentId = agentId;
    this.#occasion = occasion;
    this.#seeded = false;
    this.#source = undefined;
    this.#handled = undefined;
    this.timestampUs = timestampUs;
  }

  /**
   * A message is handled, on whose id the random numbers depend.
   * @param source where its binary form lies at `offset`; must stay until the call ends
   */
  beginMessage(agentId: string, source: Buffer, offset: number): void {
    this.begin(agentId, '', encodedTimestampUs(source, offset));
    this.#source = source;
    this.#offset = offset;
  }

  /**
   * The message being handled, without its content; undefined in a timer, a start or a shutdown.
   * Read when it is asked for first: many agents only consume.
   */
  get handled(): Message | undefined {
    if (this.#source === undefined) return undefined;
    this.#handled ??= decodeMessage(this.#source, this.#offset, false);
    return this.#handled;
  }

  /** Where the binary form of the message being handled lies, at `handledAt`, if one is. */
  get handledIn(): Buffer | undefined {
    return this.#source;
  }

  get handledAt(): number {
    return this.#offset;
  }

  /** Those of a message that is sent now: one more than the message being handled has. */
  get hops(): number {
    return this.#source === undefined ? 0 : encodedHops(this.#source, this.#offset) + 1;
  }

  get random(): SeededRandom {
    // Most messages ask for no random number, so that seeding waits for the first that does.
    if (!this.#seeded) {
      const occasion =
        this.#source === undefined ? this.#occasion : encodedMessageId(this.#source, this.#offset);
      this.#random.seed(`${this.#agentId}\n${occasion}`);
      this.#seeded = true;
    }
    return this.#random;
  }
}
