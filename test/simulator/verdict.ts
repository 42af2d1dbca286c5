import type { Message } from '../../src/fipa/message.js';
import type { HistoryPage } from '../../src/store/store.js';
import { OUTCOME_OK } from '../../src/wire/frames.js';
import { type Entry, type Ledger, Violation } from './ledger.js';
import { sendsOf } from './program.js';
import type { SimulatedServer } from './simulated-server.js';
import type { Workload } from './workload.js';

/** Whether all that was promised came to be, when nothing is under way any more. */
export class Verdict {
  readonly #ledger: Ledger;
  readonly #workload: Workload;
  readonly #tries: number;

  /** @param tries how often a message is given to its agent whose worker dies with it in hand */
  constructor(ledger: Ledger, workload: Workload, tries: number) {
    this.#ledger = ledger;
    this.#workload = workload;
    this.#tries = tries;
  }

  checkWaits(): void {
    for (const wait of this.#workload.waits) {
      if (wait.life === this.#ledger.life && wait.ends !== 1) {
        throw new Violation(`${wait.what} got ${wait.ends} results`);
      }
    }
  }

  /** Of all that was accepted since the last crash, and all that outlives one. */
  check(): void {
    this.#ledger.checkEarly();
    this.checkWaits();
    this.#checkPersistent();
    const failures = this.#failures();
    for (const entry of this.#ledger.entries.values()) {
      this.#checkLives(entry);
      if (entry.epoch !== this.#ledger.epoch) continue;
      if (entry.accepted) this.#checkEnd(entry);
      this.#checkFailure(entry, failures);
      this.#checkEffects(entry);
    }
  }

  // The number of tries, and that nothing comes back that was not to.
  #checkLives({ attempts, message, epoch: acceptedIn }: Entry): void {
    const { messageId } = message;
    const returns = this.#workload.persistent.has(messageId) || this.#ledger.kept.has(messageId);
    for (const attempt of attempts) {
      if (attempt.epoch !== acceptedIn && !returns) {
        throw new Violation(`message ${messageId} was given to its agent again after a crash`);
      }
    }
    const counts = attempts.filter(
      ({ epoch, isVoid, wasEnded }) => epoch === this.#ledger.epoch && !isVoid && !wasEnded,
    );
    const tries = counts.length;
    if (tries > this.#tries) {
      throw new Violation(`message ${messageId} was given to its agent ${tries} times`);
    }
  }

  // Also over a crash, and then at least once.
  #checkPersistent(): void {
    for (const messageId of this.#workload.durable) {
      const entry = this.#ledger.entries.get(messageId);
      if (entry === undefined || !isForAgent(entry.message)) continue;
      const handled = entry.attempts.some(({ outcome }) => outcome === OUTCOME_OK);
      if (handled || entry.deadLetters.length > 0) continue;
      throw new Violation(
        `persistent message ${messageId} was never handled and is no dead letter`,
      );
    }
  }

  #checkEnd(entry: Entry): void {
    const { message, attempts, deadLetters } = entry;
    if (!isForAgent(message)) return;
    const handled = attempts.filter(({ outcome }) => outcome === OUTCOME_OK).length;
    if (handled + deadLetters.length === 1) return;
    throw new Violation(
      `message ${message.messageId} from ${message.sender} to ${message.receiver} was handled ${handled} times and is a dead letter ${deadLetters.length} times; tried ${attempts.length} times`,
    );
  }

  /** By what they answer: those that were accepted, or were refused and are dead letters. */
  #failures(): Map<string, number> {
    const failures = new Map<string, number>();
    for (const { message, epoch } of this.#ledger.entries.values()) {
      if (message.performative !== 'failure' || epoch !== this.#ledger.epoch) continue;
      const key = `${message.receiver} ${message.inReplyTo}`;
      failures.set(key, (failures.get(key) ?? 0) + 1);
    }
    return failures;
  }

  // Clients always hear of it; agents as far as their mailboxes have room.
  #checkFailure({ message, accepted, deadLetters }: Entry, failures: Map<string, number>): void {
    if (!accepted || deadLetters.length === 0 || message.performative === 'failure') return;
    const asked = message.replyWith === '' ? message.messageId : message.replyWith;
    const told = failures.get(`${message.sender} ${asked}`) ?? 0;
    if (told === 1 || (told === 0 && message.sender.startsWith('agent_'))) return;
    throw new Violation(
      `${message.sender} was told ${told} times of the failure of ${message.messageId}`,
    );
  }

  // All that a handled message sent is there once, of others nothing.
  #checkEffects({ programId, attempts, message }: Entry): void {
    const program = programId === undefined ? undefined : this.#workload.programOf(programId);
    if (program === undefined || !isForAgent(message)) return;
    const handled = attempts.some(({ outcome }) => outcome === OUTCOME_OK);
    for (const { content, single } of sendsOf(program)) {
      const copies = this.#copies(content.id, message.receiver);
      if (handled ? single && copies !== 1 : copies > 0 && !this.#isShared(programId as number)) {
        throw new Violation(
          `message ${message.messageId} was ${handled ? '' : 'not '}handled, and what it sends (${content.id}) is there ${copies} times`,
        );
      }
    }
  }

  #copies(programId: number, sender: string): number {
    let copies = 0;
    for (const entry of this.#ledger.entries.values()) {
      if (entry.programId === programId && entry.message.sender === sender) copies += 1;
    }
    return copies;
  }

  /** Whether several messages carry the program: a broadcast's. */
  #isShared(programId: number): boolean {
    let carriers = 0;
    for (const entry of this.#ledger.entries.values()) {
      if (entry.programId === programId) carriers += 1;
    }
    return carriers > 1;
  }

  /**
   * After a crash: what the store holds.
   * @param before how many had been accepted until then; of the rest none is lost
   */
  checkHistory(stored: readonly Message[], before: number): void {
    const { order } = this.#ledger;
    const isAt = (place: number, other: number): boolean =>
      stored[place]?.messageId === order[other]?.message.messageId;
    let kept = 0;
    while (kept < before && kept < stored.length && isAt(kept, kept)) kept += 1;
    order.splice(kept, before - kept);
    stored.forEach(({ messageId }, place) => {
      if (isAt(place, place)) return;
      const expected = order[place]?.message.messageId;
      throw new Violation(
        `the store has ${messageId} at place ${place}, where ${expected} belongs`,
      );
    });
    const held = new Set(stored.map(({ messageId }) => messageId));
    for (const messageId of this.#workload.durable) {
      if (held.has(messageId)) continue;
      throw new Violation(`message ${messageId} was acknowledged as persistent and is lost`);
    }
  }
}

export function isForAgent({ receiver }: Message): boolean {
  return receiver.startsWith('agent_');
}

/** All messages of the store, oldest first. */
export async function readHistory({ store }: SimulatedServer): Promise<Message[]> {
  const messages: Message[] = [];
  let cursor: string | undefined;
  do {
    const query = {
      order: 'asc',
      limit: 500,
      ...(cursor === undefined ? {} : { cursor }),
    } as const;
    const page: HistoryPage = await store.history(query);
    messages.push(...page.messages);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return messages;
}
