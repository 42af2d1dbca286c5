import { wallMs } from '../base/clock.js';
import type { DeadLetter, DeadLetterPage, Store } from '../store/store.js';
import type { Directory } from './directory.js';
import type { Router } from './router.js';
import type { SendResult } from './types.js';

/** Messages that agents failed, kept so that somebody may look at them and try again. */
export class DeadLetters {
  readonly #store: Store;
  readonly #router: Router;
  readonly #directory: Directory;

  constructor(store: Store, router: Router, directory: Directory) {
    this.#store = store;
    this.#router = router;
    this.#directory = directory;
  }

  list(query: {
    readonly agent: string | undefined;
    readonly limit: number;
    readonly cursor: string | undefined;
  }): Promise<DeadLetterPage> {
    const agent = query.agent && (this.#directory.find(query.agent)?.id ?? query.agent);
    return this.#store.deadLetters({ ...query, agent });
  }

  get(messageId: string): Promise<DeadLetter | undefined> {
    return this.#store.deadLetter(messageId);
  }

  /**
   * Puts the message into its receiver's mailbox again, under its own id, and takes it off the list.
   * @throws CaxtonError AGENT_NOT_FOUND, RESOURCE_LIMIT_EXCEEDED, UNAVAILABLE; then it stays there
   */
  async retry(letter: DeadLetter): Promise<SendResult> {
    const acceptance = this.#router.redeliver(letter.message);
    this.#store.deleteDeadLetter(letter.message.messageId);
    return {
      messageId: letter.message.messageId,
      status: acceptance,
      deliveredMs: wallMs(),
    };
  }
}
