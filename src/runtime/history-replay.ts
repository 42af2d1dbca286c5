import { wallMs } from '../base/clock.js';
import { LIMITS } from '../base/limits.js';
import type { Message } from '../fipa/message.js';
import type { HistoryPage, HistoryQuery, Store } from '../store/store.js';
import { type MessageCriteria, matchesMessage, type NameOf } from './message-criteria.js';

export interface HistoryReplayParts {
  readonly store: Store;
  readonly nameOf: NameOf;
  /** Gives the id of an agent by its name, and any other name as it is. */
  readonly idOf: (name: string) => string;
  readonly history: {
    readonly enabled: boolean;
    readonly max_messages: number;
    readonly max_age_ms: number;
  };
}

/** The messages of the history that a subscription wants, page by page, in the order they came. */
export class HistoryReplay {
  readonly #parts: HistoryReplayParts;
  readonly #criteria: MessageCriteria;
  readonly #query: HistoryQuery;
  readonly #marked: () => number;
  #next: HistoryPage | undefined;
  /** What `marked` gave when the last page was about to be read. */
  mark: number;

  /**
   * @param sinceMs from when on, milliseconds since the Unix epoch
   * @param marked a place in the order of messages, so that what comes later can be told apart
   */
  constructor(
    parts: HistoryReplayParts,
    criteria: MessageCriteria,
    sinceMs: number,
    marked: () => number,
  ) {
    this.#parts = parts;
    this.#criteria = criteria;
    this.#marked = marked;
    this.mark = marked();
    this.#query = {
      ...this.#narrowed(),
      sinceMs: Math.max(0, sinceMs),
      order: 'asc',
      limit: LIMITS.page_max,
    };
  }

  /**
   * Reads the first page. What was accepted before a page is read is in it or in a later one.
   * @returns whether the history reaches back so far, and isn't too much to be looked through
   * @throws CaxtonError UNAVAILABLE when the disk fails
   */
  async begin(): Promise<boolean> {
    const { store, history } = this.#parts;
    const sinceMs = this.#query.sinceMs as number;
    if (!history.enabled || sinceMs < wallMs() - history.max_age_ms) return false;
    const first = await this.#read(this.#query);
    this.#next = first;
    if (first.total > LIMITS.resume_messages) return false;
    if (store.stats().historyMessages < history.max_messages) return true;
    const oldest = await store.history({ order: 'asc', limit: 1 });
    return (oldest.messages[0]?.timestampUs ?? 0) / 1_000 <= sinceMs;
  }

  /** The next messages that are wanted, perhaps none; undefined behind the last page. */
  async page(): Promise<readonly Message[] | undefined> {
    const page = this.#next;
    if (page === undefined) return undefined;
    const { nextCursor } = page;
    this.#next =
      nextCursor === undefined
        ? undefined
        : await this.#read({ ...this.#query, cursor: nextCursor });
    return page.messages.filter((message) =>
      matchesMessage(this.#criteria, message, this.#parts.nameOf),
    );
  }

  async #read(query: HistoryQuery): Promise<HistoryPage> {
    this.mark = this.#marked();
    await this.#parts.store.durable();
    return this.#parts.store.history(query);
  }

  // What the index of the history can tell apart; the rest is looked through. A name may have stood
  // for several agents, one after the other.
  #narrowed(): Partial<HistoryQuery> {
    const { agents, receivers, performatives, conversationId } = this.#criteria;
    const agent = this.#onlyId(agents);
    const receiver = this.#onlyId(receivers);
    const [performative, ...others] = performatives ?? [];
    return {
      ...(conversationId !== undefined && { conversationId }),
      ...(agent !== undefined && { agent }),
      ...(receiver !== undefined && { receiver }),
      ...(performative !== undefined && others.length === 0 && { performative }),
    };
  }

  #onlyId(names: ReadonlySet<string> | undefined): string | undefined {
    const [name, ...others] = names ?? [];
    if (name === undefined || others.length > 0) return undefined;
    return this.#parts.idOf(name) === name ? name : undefined;
  }
}
