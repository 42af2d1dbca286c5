import type { Dice } from '../../faults/load.js';
import { Account, type Outgoing } from '../account.js';
import { someAgent, subjectOf } from '../population.js';
import { tally, type World } from '../world.js';

/** A client that writes to agents and keeps account of it. */
export class Correspondent {
  readonly world: World;
  readonly dice: Dice;
  readonly #account: Account;

  constructor(world: World, dice: Dice, transport: string) {
    this.world = world;
    this.dice = dice;
    this.#account = new Account(`${transport}-${world.round}`, transport);
    world.accounts.push(this.#account);
  }

  message(agent = someAgent(this.dice), persist = false): Outgoing {
    return this.#account.next(agent, this.world.server.epoch, persist);
  }

  messages(count: number, agent?: string, persist = false): Outgoing[] {
    return Array.from({ length: count }, () => this.message(agent, persist));
  }

  /** A few of the messages are to be on the disk when they are acknowledged. */
  persists(): boolean {
    return this.dice.whole(0, 4) === 0;
  }

  accept(message: Outgoing, messageId?: string): void {
    this.#account.accept(message, messageId);
    tally(this.world, `messages by ${this.#account.transport}`);
  }

  /** An error that answered this message. */
  fail(message: Outgoing, error: unknown, since = this.world.book.now()): void {
    const what = `${this.#account.transport} to ${message.receiver}`;
    const refused = this.world.book.note(error, what, subjectOf(message.receiver), since);
    if (refused) this.#account.refuse(message);
  }

  /**
   * Sends one message.
   * @param action resolves with its id when it is accepted
   */
  async send(message: Outgoing, action: () => Promise<{ readonly message_id: string }>) {
    const since = this.world.book.now();
    try {
      this.accept(message, (await action()).message_id);
    } catch (error) {
      this.fail(message, error, since);
    }
  }

  /** Does what is about many messages at once: a failure leaves those without an answer doubtful. */
  async exchange(action: () => Promise<void>): Promise<boolean> {
    const since = this.world.book.now();
    try {
      await action();
      return true;
    } catch (error) {
      this.world.book.note(error, this.#account.transport, 'steady', since);
      return false;
    }
  }
}
