import type { Store } from '../store/store.js';
import type { AgentSubscriptions } from './agent-subscriptions.js';
import type { Backlog } from './backlog.js';
import type { Clients } from './clients.js';
import type { ConversationBirths } from './conversation-births.js';
import type { Conversations } from './conversations.js';
import type { Counters } from './counters.js';
import type { Delivery } from './delivery.js';
import type { Directory } from './directory.js';
import type { EventBus } from './events.js';
import type { HopLimit } from './hop-limit.js';
import type { Inboxes } from './inboxes.js';
import type { Pending } from './pending.js';
import type { Waiters } from './waiters.js';

/** What routing works with. */
export interface RouterParts {
  readonly backlog: Backlog;
  readonly births: ConversationBirths;
  readonly directory: Directory;
  readonly delivery: Delivery;
  readonly clients: Clients;
  readonly waiters: Waiters;
  readonly events: EventBus;
  readonly subscriptions: AgentSubscriptions;
  readonly counters: Counters;
  readonly store: Store;
  readonly conversations: Conversations;
  readonly hopLimit: HopLimit;
  readonly inboxes: Inboxes;
  readonly pending: Pending;
}
