import type { CaxtonEvent, EventOf, EventPattern } from './event-types.js';
import type { Message, Performative } from './operation-types.js';

/** What to subscribe to: messages by `filter` or `client_id`, events by `events`, or both. */
export interface SubscriptionRequest {
  readonly filter?: {
    readonly agents?: readonly string[];
    readonly performatives?: readonly Performative[];
    readonly conversation_id?: string;
  };
  readonly events?: readonly EventPattern[];
  readonly filters?: { readonly agent_ids?: readonly string[] };
  /** Makes this client the receiver of that name. */
  readonly client_id?: string;
  readonly on_overflow?: 'drop' | 'close';
  /** The last `seq` seen by an earlier subscription: what came since comes first. */
  readonly resume_from?: number;
}

/** How a message comes. */
export interface MessageFrame {
  readonly type: 'message';
  readonly seq: number;
  readonly subscription_id: string;
  readonly message: Message;
}

/** What a subscription gets: an event, or a message. */
export type StreamFrame = MessageFrame | CaxtonEvent;

/** What a subscription to this gets. */
export type FrameOf<Request extends SubscriptionRequest> =
  | ('events' extends keyof Request ? EventOf<NonNullable<Request['events']>[number]> : never)
  | ([Extract<keyof Request, 'filter' | 'client_id'>] extends [never] ? never : MessageFrame);
