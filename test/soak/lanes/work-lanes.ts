import type { WaitAnswer } from '../../api/driver.js';
import type { Dice } from '../../faults/load.js';
import { eventually } from '../../support/eventually.js';
import { call } from '../../support/rest-client.js';
import { BIDDERS } from '../population.js';
import { attempt, type Lane, tally, type World } from '../world.js';

interface TaskView {
  readonly task_id: string;
  readonly status: string;
  readonly reason?: string;
}

const ENDED = ['completed', 'failed', 'cancelled'];

/** Has tasks done by agents that bid for them, and cancels some. */
export class TaskLane implements Lane {
  readonly pauseMs = 1_000;
  readonly #world: World;
  readonly #dice: Dice;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  async step(): Promise<void> {
    const since = this.#world.book.now();
    const ended = await attempt(this.#world, 'tasks', 'task', () => this.#doTask());
    if (ended === undefined) return;
    tally(this.#world, `tasks ${ended.status}`);
    const disturbed = this.#world.server.threadsEnded !== since.threadsEnded;
    if (ended.status === 'failed' && !disturbed) {
      this.#world.book.unexplained.push(`a task failed: ${ended.reason}`);
    }
  }

  async rest(): Promise<void> {}

  async #doTask(): Promise<TaskView> {
    const tasks = `${this.#world.server.url}/api/v1/tasks`;
    const { task_id: id } = await call<TaskView>(tasks, 'POST', {
      name: 'soak',
      data: { size: this.#dice.whole(10, 1_000) },
      requirements: { capabilities: ['data_processing'] },
      timeout_seconds: 10,
    });
    const cancelled = this.#dice.whole(0, 4) === 0;
    if (!cancelled) {
      await call(`${tasks}/${id}/distribute`, 'POST', {
        strategy: this.#dice.pick(['best_bid', 'lowest_cost', 'first_bid', 'round_robin']),
        max_wait_seconds: 5,
      });
    } else await call(`${tasks}/${id}/cancel`, 'POST', { reason: 'soak' });
    return eventually('the task ends', async () => {
      const task = await call<TaskView>(`${tasks}/${id}`, 'GET');
      return ENDED.includes(task.status) && task;
    });
  }
}

/** Holds contract nets by hand, as conversations under their protocol. */
export class ConversationLane implements Lane {
  readonly pauseMs = 500;
  readonly #world: World;
  readonly #dice: Dice;
  #count = 0;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  async step(): Promise<void> {
    this.#count += 1;
    const conversation_id = `net-${this.#world.round}-${this.#count}`;
    const receiver = this.#dice.pick(BIDDERS);
    const content = { size: 100 };
    const say = async (performative: string, in_reply_to?: string) => {
      const { reply } = await call<WaitAnswer>(
        `${this.#world.server.url}/api/v1/messages?wait=true`,
        'POST',
        {
          performative,
          sender: `net-${this.#world.round}`,
          receiver,
          conversation_id,
          protocol: 'fipa-contract-net',
          reply_with: `${conversation_id}-${performative}`,
          ...(in_reply_to !== undefined && { in_reply_to }),
          content,
        },
      );
      return reply;
    };
    await attempt(this.#world, 'contract nets', 'task', async () => {
      const bid = await say('cfp');
      if (bid.performative === 'propose') {
        const result = await say('accept-proposal', bid.reply_with);
        if (result.performative === 'inform') return;
      }
      // The one way to fail: the worker ended with the message in hand.
      tally(this.#world, 'contract nets cut short');
      if (this.#world.server.threadsEnded === 0) {
        this.#world.book.unexplained.push(`contract net: ${JSON.stringify(bid)}`);
      }
    });
  }

  async rest(): Promise<void> {}
}
