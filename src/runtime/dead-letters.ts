import { wallMs } from '../base/clock.js';
import { CaxtonError } from '../base/errors.js';
import type { DeadLetter, DeadLetterPage, Store } from '../store/store.js';
import type { Directory } from './directory.js';
import type { Router } from './router.js';
import type { SendResult } from './types.js';

interface Retried {
  readonly failedMs: number;
  readonly result: SendResult;
}

/** Messages that agents failed, kept so that somebody may look at them and try again. */
export class DeadLetters {
  readonly #store: Store;
  readonly #router: Router;
  readonly #directory: Directory;
  readonly #retrying = new Set<string>();
  /** Retries that aren't on disk yet, as far as somebody knows: the store still has the letters. */
  readonly #retried = new Map<string, Retried>();

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
   * @throws CaxtonError NOT_FOUND when it isn't there, AGENT_NOT_FOUND, RESOURCE_LIMIT_EXCEEDED,
   *   UNAVAILABLE; then it stays there. Where only the disk fails, a repeated call waits for it.
   */
  async retry(messageId: string): Promise<SendResult> {
    // Two retries at once would both find it.
    const letter = this.#retrying.has(messageId) ? undefined : await this.get(messageId);
    if (letter === undefined || this.#retrying.has(messageId)) throw noDeadLetter(messageId);
    this.#retrying.add(messageId);
    try {
      const { failedMs } = letter;
      const known = this.#retried.get(messageId);
      // A message that failed once more has another letter.
      const result = known?.failedMs === failedMs ? known.result : this.#redeliver(letter);
      this.#retried.set(messageId, { failedMs, result });
      await this.#store.durable();
      this.#retried.delete(messageId);
      return result;
    } finally {
      this.#retrying.delete(messageId);
    }
  }

  #redeliver(letter: DeadLetter): SendResult {
    // Somebody decided that it goes on: what led to it counts no more.
    const acceptance = this.#router.redeliver({ ...letter.message, hops: 0 });
    this.#store.deleteDeadLetter(letter.message.messageId);
    return {
      messageId: letter.message.messageId,
      status: acceptance,
      deliveredMs: wallMs(),
    };
  }
}

function noDeadLetter(messageId: string): CaxtonError {
  return new CaxtonError('NOT_FOUND', `'${messageId}' is no dead letter, or is being retried.`, {
    message_id: messageId,
  });
}
