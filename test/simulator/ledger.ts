import type { PlainError } from '../../src/base/errors.js';
import type { Message } from '../../src/fipa/message.js';
import { OUTCOME_OK } from '../../src/wire/frames.js';
import type { Observer } from './observer.js';
import type { WorkerThread } from './worker-thread.js';

/** One time at which a guest was given a message. */
export interface Attempt {
  readonly messageId: string;
  readonly epoch: number;
  /** By a thread that was given up before: nothing that it does has any effect. */
  readonly isVoid: boolean;
  /** The main thread ended the thread meanwhile, for this or for what came before. */
  wasEnded: boolean;
  /** What the main thread read of its end; undefined = nothing. */
  outcome: number | undefined;
}

/** One accepted message, or one that was refused to an agent and became a dead letter. */
export interface Entry {
  readonly message: Message;
  readonly programId: number | undefined;
  /** Place in the order of acceptance. */
  readonly place: number;
  readonly epoch: number;
  accepted: boolean;
  readonly attempts: Attempt[];
  readonly deadLetters: PlainError[];
}

/** A promise of the product that did not hold. */
export class Violation extends Error {}

/**
 * What really happened to each message, kept apart from the product: what was accepted, what guests
 * were given, what was told of it. Some promises are checked as it happens, the rest by `Verdict`.
 */
export class Ledger implements Observer {
  readonly entries = new Map<string, Entry>();
  /** In the order of acceptance. */
  readonly order: Entry[] = [];
  /** Ids of messages that a stop may have kept. */
  readonly kept = new Set<string>();
  /** Processes there were. */
  life = 1;
  /** Crashes there were: what was accepted, and not handled, before one may be lost. */
  epoch = 1;
  /** Whether the main thread has taken leave of the worker. */
  isGivenUp: (worker: string) => boolean = () => false;
  /** Given to a guest in the midst of the main thread's step that accepts it. */
  readonly #early: Attempt[] = [];
  #accepted = 0;
  readonly #attempts = new Map<string, Attempt>();
  readonly #lastDone = new Map<string, Entry>();

  accepted(message: Message): void {
    const known = this.entries.get(message.messageId);
    if (known?.accepted === true) {
      throw new Violation(`message ${message.messageId} was accepted twice`);
    }
    const entry = this.#add(message, true);
    this.order.push(entry);
    for (let i = this.#early.length - 1; i >= 0; i--) {
      const attempt = this.#early[i] as Attempt;
      if (attempt.messageId !== message.messageId) continue;
      entry.attempts.push(attempt);
      this.#early.splice(i, 1);
    }
  }

  #add(message: Message, accepted: boolean): Entry {
    const entry: Entry = {
      message,
      programId: programOf(message),
      place: this.#accepted++,
      epoch: this.epoch,
      accepted,
      attempts: [],
      deadLetters: [],
    };
    this.entries.set(message.messageId, entry);
    return entry;
  }

  deadLetter(message: Message, error: PlainError): void {
    const entry = this.entries.get(message.messageId) ?? this.#add(message, false);
    if (entry.deadLetters.length > 0 && entry.epoch === this.epoch) {
      throw new Violation(`message ${message.messageId} became a dead letter twice`);
    }
    const handled = entry.attempts.some(({ outcome }) => outcome === OUTCOME_OK);
    if (handled && entry.epoch === this.epoch) {
      throw new Violation(`message ${message.messageId} was handled and is a dead letter too`);
    }
    entry.deadLetters.push(error);
  }

  callBegan(thread: WorkerThread, text: string): void {
    if (text.startsWith('timer ')) return;
    const messageId = MESSAGE_ID.exec(text)?.[1];
    if (messageId === undefined) throw new Violation(`a guest was given ${text}`);
    const isVoid = this.isGivenUp(thread.key);
    const attempt: Attempt = {
      messageId,
      epoch: this.epoch,
      isVoid,
      wasEnded: thread.isEnding,
      outcome: undefined,
    };
    this.#attempts.set(`${this.life} ${thread.key} ${thread.sequenceInHand}`, attempt);
    const entry = this.entries.get(messageId);
    if (entry === undefined) this.#early.push(attempt);
    else entry.attempts.push(attempt);
  }

  /** The main thread read that a frame is done. */
  done(worker: string, sequence: number, outcome: number): void {
    const attempt = this.#attempts.get(`${this.life} ${worker} ${sequence}`);
    // A timer, or a message that the guest was never called for.
    if (attempt === undefined) return;
    const { messageId } = attempt;
    if (attempt.outcome !== undefined)
      throw new Violation(`${messageId} was done twice by one call`);
    attempt.outcome = outcome;
    const entry = this.entries.get(messageId);
    if (entry === undefined) throw new Violation(`${messageId} was handled and never accepted`);
    this.#checkOnce(entry);
    this.#checkOrder(entry);
  }

  #checkOnce(entry: Entry): void {
    const ends = entry.attempts.filter(
      ({ outcome, epoch }) => outcome !== undefined && epoch === this.epoch,
    );
    if (ends.length > 1)
      throw new Violation(`message ${entry.message.messageId} was handled twice`);
    if (entry.deadLetters.length > 0 && entry.epoch === this.epoch) {
      throw new Violation(`dead letter ${entry.message.messageId} was handled after all`);
    }
  }

  // Of one sender, to one receiver, in one conversation: agents with several instances keep no more.
  #checkOrder(entry: Entry): void {
    const { sender, receiver, priority, conversationId } = entry.message;
    const pair = `${this.life} ${sender} ${receiver} ${priority} ${conversationId}`;
    const before = this.#lastDone.get(pair);
    if (before !== undefined && before.place > entry.place) {
      throw new Violation(
        `${entry.message.messageId} was handled behind ${before.message.messageId}, which was accepted later (${pair})`,
      );
    }
    this.#lastDone.set(pair, entry);
  }

  /** Nothing is in the midst of a step: what guests were given must have been accepted. */
  checkEarly(): void {
    const [attempt] = this.#early;
    if (attempt === undefined) return;
    throw new Violation(`message ${attempt.messageId} was given to a guest and never accepted`);
  }

  published(): void {}

  workerDied(thread: WorkerThread, where: string): void {
    if (where !== 'terminated') return;
    const attempt = this.#attempts.get(`${this.life} ${thread.key} ${thread.sequenceInHand}`);
    if (attempt !== undefined) attempt.wasEnded = true;
  }

  crashed(): void {
    this.life += 1;
    this.epoch += 1;
    this.#early.length = 0;
  }

  stopped(): void {
    this.life += 1;
    // What a stop leaves unhandled is kept on disk, whether it was sent to be kept or not.
    for (const { message } of this.order) this.kept.add(message.messageId);
  }
}

// As the head of a message in JSON and a program begin.
const MESSAGE_ID = /"message_id":"([^"]+)"/;
const PROGRAM_ID = /^\{"id":(\d+)/;

function programOf({ content, performative }: Message): number | undefined {
  if (performative === 'failure') return undefined;
  const text = typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
  const id = PROGRAM_ID.exec(text)?.[1];
  return id === undefined ? undefined : Number(id);
}
