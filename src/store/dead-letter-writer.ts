import { decodeDeadLetter } from './dead-letter.js';
import { numberKey, numberOfKey, textNumberKey } from './keys.js';
import { firstOf } from './segment.js';
import type { StoreState, Tables } from './tables.js';

/** Keeps the dead letters within a transaction of the caller: the newest `most`, one per message. */
export class DeadLetterWriter {
  readonly #tables: Tables;
  readonly #state: StoreState;
  readonly #most: number;

  constructor(tables: Tables, state: StoreState, most: number) {
    this.#tables = tables;
    this.#state = state;
    this.#most = most;
  }

  put(messageId: string, value: Buffer): void {
    // A message that failed again takes its new place at the end.
    this.delete(messageId);
    if (this.#most === 0) return;
    const number = this.#state.nextDeadLetter++;
    this.#tables.deadLetters.putSync(numberKey(number), value);
    this.#tables.deadLetterIds.putSync(Buffer.from(messageId, 'utf8'), numberKey(number));
    const { agentId } = decodeDeadLetter(value);
    this.#tables.deadLetterAgents.putSync(textNumberKey(agentId, number), Buffer.from([1]));
    this.#state.deadLetters++;
    while (this.#state.deadLetters > this.#most) this.#dropOldest();
  }

  delete(messageId: string): void {
    const number = this.#tables.deadLetterIds.get(Buffer.from(messageId, 'utf8'));
    if (number !== undefined) this.#remove(number);
  }

  #dropOldest(): void {
    const oldest = firstOf(this.#tables.deadLetters, { start: numberKey(0) });
    if (oldest === undefined) this.#state.deadLetters = 0;
    else this.#remove(oldest.key);
  }

  #remove(key: Uint8Array): void {
    const value = this.#tables.deadLetters.get(key);
    if (value === undefined) return;
    const { agentId, message } = decodeDeadLetter(value);
    this.#tables.deadLetters.removeSync(key);
    this.#tables.deadLetterIds.removeSync(Buffer.from(message.messageId, 'utf8'));
    this.#tables.deadLetterAgents.removeSync(textNumberKey(agentId, numberOfKey(key)));
    this.#state.deadLetters--;
  }
}
