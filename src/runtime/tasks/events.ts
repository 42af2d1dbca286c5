import type { EventType } from '../event-types.js';
import type { Progress } from './contents.js';
import type { Bid, Strategy } from './strategies.js';

/** What happens to a task. */
export type TaskEvent =
  | {
      readonly type: 'distribute';
      readonly strategy: Strategy;
      /** Ids of agents and names of clients, each once. */
      readonly participants: readonly string[];
      readonly bidsUntilMs: number;
    }
  /** A `propose` that can be read. */
  | { readonly type: 'bid'; readonly bid: Bid }
  /** A `propose` that can't be read. */
  | {
      readonly type: 'unreadable_bid';
      readonly from: string;
      readonly replyWith: string;
      readonly reason: string;
    }
  /** A `refuse`, a `failure` or a `not-understood`. */
  | { readonly type: 'turned_down'; readonly from: string; readonly reason: string }
  /** An `inform` that isn't the last. */
  | { readonly type: 'progress'; readonly from: string; readonly progress: Progress }
  /** The last `inform`. */
  | {
      readonly type: 'done';
      readonly from: string;
      readonly result: string;
      readonly messageId: string;
    }
  /** The accept-proposal is in the receiver's mailbox. */
  | { readonly type: 'delivered' }
  /** A cfp or the accept-proposal was not accepted for delivery. */
  | { readonly type: 'undeliverable'; readonly to: string; readonly reason: string }
  /** Time has passed; `deadlineMs` says how much matters. */
  | { readonly type: 'clock' }
  | { readonly type: 'cancel'; readonly reason: string }
  /** The server started again with what it had stored. */
  | { readonly type: 'restart' };

/** What is to be done because of it. */
export type TaskCommand =
  | { readonly type: 'call'; readonly to: string }
  | { readonly type: 'accept'; readonly bid: Bid }
  /** `replyWith` is that of the proposal. */
  | {
      readonly type: 'reject';
      readonly to: string;
      readonly replyWith: string;
      readonly reason: string;
    }
  /** `of` is what the receiver was last asked: to bid, or to do the task. */
  | {
      readonly type: 'cancel';
      readonly of: 'cfp' | 'award';
      readonly to: string;
      readonly reason: string;
    }
  /** Tell subscribers; `type` of the event and its fields beside the task's id. */
  | { readonly type: 'publish'; readonly event: EventType; readonly body: Record<string, unknown> }
  /** It is this participant's turn that is used up. */
  | { readonly type: 'took_turn'; readonly agentId: string }
  /** One more past task of this participant. */
  | { readonly type: 'count'; readonly agentId: string; readonly completed: boolean }
  /** Whoever asked for the distribution gets the award. */
  | { readonly type: 'answer' }
  /** Whoever asked for the distribution is told why there is no award. */
  | {
      readonly type: 'deny';
      readonly code: 'CONFLICT' | 'TIMEOUT' | 'UNAVAILABLE';
      readonly message: string;
      readonly details: Record<string, unknown>;
    }
  /** What came is left alone. */
  | { readonly type: 'ignore'; readonly reason: string };
