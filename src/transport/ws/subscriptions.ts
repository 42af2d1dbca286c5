import type { AgentScope } from '../../api/agent-scope.js';
import { rfc3339, wallMs } from '../../base/clock.js';
import { CaxtonError, invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { normalizePerformative, type Performative } from '../../fipa/performative.js';
import type { MessageFilter, Subscription } from '../../runtime/events.js';
import type { Runtime } from '../../runtime/runtime.js';
import type { SubscribeFrame } from './frames.js';
import type { Outbox } from './outbox.js';

interface Stream {
  readonly closesOnOverflow: boolean;
  /** How many agents and clients its filters name. */
  readonly names: number;
  readonly claimedNames: readonly string[];
  subscription: Subscription | undefined;
  dropped: number;
  firstDropped: number;
  lastDropped: number;
}

/** The subscriptions of one connection, and what becomes of events that it reads too slowly. */
export class Subscriptions {
  readonly #runtime: Runtime;
  readonly #outbox: Outbox;
  readonly #boundBytes: number;
  readonly #overflowed: () => void;
  readonly #scope: AgentScope | undefined;
  readonly #streams = new Map<string, Stream>();
  #names = 0;

  /**
   * @param boundBytes from how many bytes unread by the client on events overflow
   * @param overflowed ends the connection
   * @param scope what the client may read about; undefined = everything
   */
  constructor(
    runtime: Runtime,
    outbox: Outbox,
    boundBytes: number,
    overflowed: () => void,
    scope?: AgentScope,
  ) {
    this.#runtime = runtime;
    this.#outbox = outbox;
    this.#boundBytes = boundBytes;
    this.#overflowed = overflowed;
    this.#scope = scope;
  }

  /** @returns the subscription's id @throws CaxtonError */
  subscribe(frame: SubscribeFrame): string {
    if (this.#streams.size >= LIMITS.subscriptions_per_connection) {
      throw new CaxtonError(
        'RESOURCE_LIMIT_EXCEEDED',
        `A connection has at most ${LIMITS.subscriptions_per_connection} subscriptions; unsubscribe first.`,
        { limit: LIMITS.subscriptions_per_connection },
      );
    }
    checkAsksForSomething(frame);
    this.#checkScope(frame);
    const names = namesIn(frame);
    if (this.#names + names > LIMITS.subscription_names_per_connection) {
      throw new CaxtonError(
        'RESOURCE_LIMIT_EXCEEDED',
        `The subscriptions of a connection name at most ${LIMITS.subscription_names_per_connection} agents and clients together; these would be ${this.#names + names}.`,
        { limit: LIMITS.subscription_names_per_connection },
      );
    }
    const filter = this.#filterOf(frame);
    const stream: Stream = {
      closesOnOverflow: frame.on_overflow === 'close',
      names,
      claimedNames: this.#namesToClaim(frame),
      subscription: undefined,
      dropped: 0,
      firstDropped: 0,
      lastDropped: 0,
    };
    const subscription = this.#runtime.events.subscribe(
      {
        ...(frame.events && { events: frame.events }),
        ...(frame.filters?.agent_ids && { agentIds: frame.filters.agent_ids }),
        ...(filter && { filter }),
        ...(this.#scope && { allows: (name: string) => this.#scope!.allows(name) }),
      },
      (json, sequence) => this.#deliver(stream, json, sequence),
    );
    stream.subscription = subscription;
    for (const name of stream.claimedNames) this.#runtime.clients.claim(name);
    this.#streams.set(subscription.id, stream);
    this.#names += names;
    return subscription.id;
  }

  /** @throws CaxtonError NOT_FOUND */
  unsubscribe(id: string): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) {
      throw new CaxtonError('NOT_FOUND', `This connection has no subscription '${id}'`, {
        subscription_id: id,
      });
    }
    this.#streams.delete(id);
    this.#cancel(stream);
  }

  /** Tells streams what they missed, once half of what was pending is taken. */
  drained(): void {
    if (this.#outbox.pendingBytes > this.#boundBytes / 2) return;
    for (const [id, stream] of this.#streams) {
      if (stream.dropped === 0) continue;
      this.#outbox.put(droppedAlert(id, stream));
      stream.dropped = 0;
    }
  }

  cancelAll(): void {
    for (const stream of this.#streams.values()) this.#cancel(stream);
    this.#streams.clear();
  }

  #deliver(stream: Stream, json: string, sequence: number): void {
    if (stream.dropped === 0 && this.#outbox.pendingBytes <= this.#boundBytes) {
      this.#outbox.put(json);
    } else if (stream.closesOnOverflow) {
      this.#overflowed();
    } else {
      if (stream.dropped === 0) stream.firstDropped = sequence;
      stream.lastDropped = sequence;
      stream.dropped += 1;
    }
  }

  #cancel(stream: Stream): void {
    this.#names -= stream.names;
    stream.subscription?.cancel();
    for (const name of stream.claimedNames) this.#runtime.clients.release(name);
  }

  // Without this an agent that the token may not read about would only stay silent.
  #checkScope({ filter, filters }: SubscribeFrame): void {
    if (this.#scope === undefined) return;
    for (const name of [...(filter?.agents ?? []), ...(filters?.agent_ids ?? [])]) {
      if (this.#runtime.agents.identify(name) !== undefined) this.#scope.check(name);
    }
  }

  /** A client's id without a filter asks for the messages to that client. */
  #filterOf(frame: SubscribeFrame): MessageFilter | undefined {
    const { filter } = frame;
    if (filter === undefined) {
      return frame.client_id === undefined ? undefined : { receivers: [frame.client_id] };
    }
    return {
      ...(filter.agents && { agents: filter.agents }),
      ...(filter.performatives && { performatives: readPerformatives(filter.performatives) }),
      ...(filter.conversation_id !== undefined && { conversationId: filter.conversation_id }),
    };
  }

  // A name that is no agent's becomes a receiver that messages can be sent to.
  #namesToClaim(frame: SubscribeFrame): readonly string[] {
    const { client_id: clientId } = frame;
    if (clientId !== undefined) this.#checkClientId(clientId);
    const named = [...(clientId === undefined ? [] : [clientId]), ...(frame.filter?.agents ?? [])];
    return [...new Set(named)].filter(
      (name) => !isGroup(name) && this.#runtime.agents.find(name) === undefined,
    );
  }

  #checkClientId(clientId: string): void {
    if (isGroup(clientId)) {
      throw invalidRequest(
        `client_id '${clientId}' can't begin with capability: or broadcast:, which name groups of agents.`,
        'client_id',
      );
    }
    if (this.#runtime.agents.find(clientId) !== undefined) {
      throw new CaxtonError(
        'FORBIDDEN',
        `client_id '${clientId}' is a deployed agent; choose another name.`,
        { field: 'client_id' },
      );
    }
    if (this.#runtime.inboxes.has(clientId)) {
      throw new CaxtonError(
        'FORBIDDEN',
        `client_id '${clientId}' is a task's, which is the server's own; choose another name.`,
        { field: 'client_id' },
      );
    }
  }
}

function namesIn(frame: SubscribeFrame): number {
  return (
    (frame.filter?.agents?.length ?? 0) +
    (frame.filters?.agent_ids?.length ?? 0) +
    (frame.client_id === undefined ? 0 : 1)
  );
}

function isGroup(name: string): boolean {
  return name.startsWith('capability:') || name.startsWith('broadcast:');
}

function checkAsksForSomething(frame: SubscribeFrame): void {
  const { filter, events, filters, client_id: clientId } = frame;
  if (filter === undefined && clientId === undefined && (events ?? []).length === 0) {
    throw invalidRequest(
      'subscribe needs filter (messages), events (event types) or client_id (messages to you).',
      'filter',
    );
  }
  if (filters !== undefined && events === undefined) {
    throw invalidRequest(
      'filters restricts events, and there are none; for messages use filter.agents.',
      'filters',
    );
  }
}

function readPerformatives(texts: readonly string[]): Performative[] {
  return texts.map((text) => {
    const performative = normalizePerformative(text);
    if (performative !== undefined) return performative;
    throw invalidRequest(
      `filter.performatives: '${text}' is not a FIPA act.`,
      'filter.performatives',
    );
  });
}

function droppedAlert(subscriptionId: string, stream: Stream): string {
  return JSON.stringify({
    type: 'system.alert',
    severity: 'warning',
    message: `${stream.dropped} events were dropped: this connection reads too slowly`,
    details: {
      dropped: stream.dropped,
      first_seq: stream.firstDropped,
      last_seq: stream.lastDropped,
    },
    timestamp: rfc3339(wallMs()),
    subscription_id: subscriptionId,
  });
}
