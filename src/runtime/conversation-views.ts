import { LIMITS } from '../base/limits.js';
import { type Party, partiesOf, type Replayed, replay } from '../fipa/replay.js';
import type { HistoryPage, Store } from '../store/store.js';
import type { Conversations } from './conversations.js';

export interface ConversationView {
  readonly protocol: string | undefined;
  /**
   * `active`: under way, or an answer is awaited until a `reply_by`. `completed`: the exchange with
   * every participant is over. `untracked`: known from the history alone, and not completed there.
   */
  readonly state: 'active' | 'completed' | 'untracked';
  readonly participants: readonly Party[];
  readonly page: HistoryPage;
}

export interface ConversationQuery {
  readonly conversationId: string;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** Shows conversations: those under way as they are tracked, all others as the history tells. */
export class ConversationViews {
  readonly #conversations: Conversations;
  readonly #store: Store;

  constructor(conversations: Conversations, store: Store) {
    this.#conversations = conversations;
    this.#store = store;
  }

  /**
   * @returns undefined when nothing is known of the conversation
   * @throws CaxtonError INVALID_REQUEST when the cursor is none of this list
   */
  async find(query: ConversationQuery): Promise<ConversationView | undefined> {
    const id = query.conversationId;
    // What was accepted a moment ago belongs to it. A disk that fails hides nothing else.
    if (this.#conversations.find(id) === undefined) {
      await this.#store.durable().catch(() => undefined);
    }
    const page = await this.#store.history(query);
    const tracked = this.#conversations.find(id);
    if (tracked !== undefined) {
      const others = [...tracked.states.keys()].filter((name) => name !== tracked.initiator);
      return {
        protocol: tracked.protocol.name,
        state: tracked.completed ? 'completed' : 'active',
        participants: partiesOf(tracked.initiator, others, tracked),
        page,
      };
    }
    const awaited = this.#conversations.awaitsReply(id);
    if (page.total === 0 && !awaited) return undefined;
    const { protocol, completed, parties } = await this.#replay(query, page);
    // What follows those that were looked at may have gone on.
    const known = completed && page.total <= LIMITS.page_max;
    const state = awaited ? 'active' : known ? 'completed' : 'untracked';
    return { protocol, state, participants: parties, page };
  }

  async #replay(query: ConversationQuery, page: HistoryPage): Promise<Replayed> {
    const { messages, total } = page;
    if (messages.length === total) {
      return replay(query.order === 'asc' ? messages : messages.toReversed());
    }
    const { conversationId } = query;
    const first = await this.#store.history({
      conversationId,
      order: 'asc',
      limit: LIMITS.page_max,
    });
    return replay(first.messages);
  }
}
