import { assert } from '../base/assert.js';
import { wallMs, wallUs } from '../base/clock.js';
import { agentNotFound, CaxtonError, type PlainError } from '../base/errors.js';
import { newMessageId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import {
  decodeContent,
  decodeMessage,
  encodedBytesMax,
  encodedHops,
  encodeMessage,
} from '../fipa/binary.js';
import { CONTENT_JSON, emptyMessage, type Message, messageJsonText } from '../fipa/message.js';
import {
  type Acceptance,
  acceptanceBy,
  checkTakes,
  historyBehind,
  isHistoryBehind,
} from './acceptance.js';
import type { Agent, Instance } from './agent.js';
import type { Voice } from './conversations.js';
import { EncodedRoute } from './encoded-route.js';
import { BROADCAST, CAPABILITY } from './groups.js';
import { Pending } from './pending.js';
import type { RouterParts } from './router-parts.js';
import { messageEventBody } from './streamed-event.js';

/**
 * The single way in for every message, whoever sends it: finds the receivers, puts the message into
 * their mailboxes, the history and the streams, and hands answers to callers that wait for them.
 * A message that is refused leaves no trace.
 */
export class Router {
  readonly #parts: RouterParts;
  // The binary form of the message being accepted; rings, mailboxes and the history copy from it.
  #scratch = Buffer.allocUnsafeSlow(64 * 1024);
  readonly #encoded: EncodedRoute;

  constructor(parts: RouterParts) {
    this.#parts = parts;
    this.#encoded = new EncodedRoute({
      ...parts,
      route: (message, agent, length, source, offset) =>
        this.#route(message, agent, length, source, offset),
      tell: (message, source, offset) => this.#tell(message, source, offset),
    });
  }

  /**
   * Accepts a message from outside or from the server itself. Its id and timestamp are set here.
   * @param persist whether agents shall get it even when the server ends before they handled it
   * @throws CaxtonError AGENT_NOT_FOUND, RESOURCE_LIMIT_EXCEEDED, UNAVAILABLE, CONFLICT when its
   *   protocol forbids it
   */
  accept(message: Message, persist = false): Acceptance {
    return this.#accept(message, 'own', persist);
  }

  /**
   * A message that names no conversation goes on with that of its receiver inside the server, if it
   * has one, or else begins one. It has its id by now.
   */
  giveConversation(message: Message): void {
    if (message.conversationId !== '') return;
    message.conversationId =
      this.#parts.inboxes.of(message)?.conversationFor(message) ??
      `conv_${message.messageId.slice(4)}`;
  }

  #accept(message: Message, voice: Voice, persist = false): Acceptance {
    if (message.messageId === '') message.messageId = newMessageId();
    message.timestampUs = wallUs();
    this.giveConversation(message);
    if (message.receiver.startsWith(BROADCAST)) return this.#broadcast(message, persist);
    if (message.receiver.startsWith(CAPABILITY)) message.receiver = this.#provider(message).id;
    const agent = this.#parts.directory.find(message.receiver);
    // Whatever the sender called it, the message names its receiver by its id.
    if (agent !== undefined) message.receiver = agent.id;
    return this.#route(message, agent, this.#encode(message), this.#scratch, 0, voice, persist);
  }

  /**
   * Accepts a message in its binary form, as an agent's worker wrote it: nothing is encoded anew,
   * and nothing is decoded unless somebody here reads it.
   * @param view over the same memory as `source`
   * @throws CaxtonError as `accept`, and RESOURCE_LIMIT_EXCEEDED when too many messages led to it
   */
  acceptEncoded(source: Buffer, offset: number, view: DataView): Acceptance {
    this.#parts.hopLimit.check(encodedHops(source, offset));
    return this.#encoded.accept(source, offset, view) ?? this.accept(decodeMessage(source, offset));
  }

  /**
   * Puts a message that was accepted before into its agent's mailbox once more. It is in the
   * history already. @throws CaxtonError AGENT_NOT_FOUND, RESOURCE_LIMIT_EXCEEDED, UNAVAILABLE
   */
  redeliver(message: Message): Acceptance {
    const agent = this.#parts.directory.find(message.receiver);
    if (agent === undefined) throw agentNotFound(message.receiver);
    const length = this.#encode(message);
    const instance = this.#instanceOf(agent, message);
    checkTakes(instance, length);
    const source = this.#scratch;
    const number = this.#parts.pending.keep(source.subarray(0, length), false);
    this.#enqueue(instance, message, source, 0, length, number);
    return acceptanceBy(instance);
  }

  /**
   * The same after a restart, for a message that is pending still: its place in the mailbox was
   * never another's. Its agent is known.
   */
  restore(message: Message, bytes: Buffer, mark: number): void {
    const agent = this.#parts.directory.find(message.receiver);
    assert(agent !== undefined, 'a message is restored to an agent that is there');
    this.#enqueue(this.#instanceOf(agent, message), message, bytes, 0, bytes.length, mark);
  }

  /**
   * Puts a message that nobody handled into the dead letters. Where the store can't take it, that
   * is told by an alert: a message is never dropped in silence.
   * @returns whether it is there
   */
  bury(message: Message, agentId: string, error: PlainError): boolean {
    const { counters, store, events } = this.#parts;
    counters.deadLetters += 1;
    const length = this.#encode(message);
    const bytes = Buffer.from(this.#scratch.subarray(0, length));
    try {
      store.putDeadLetter(bytes, agentId, error, wallMs());
    } catch (refusal) {
      if (!(refusal instanceof CaxtonError)) throw refusal;
      events.publish('system.alert', {
        severity: 'critical',
        message: 'A dead letter could not be stored',
        details: { message_id: message.messageId, agent_id: agentId, reason: refusal.message },
      });
      return false;
    }
    return true;
  }

  #encode(message: Message): number {
    const needed = encodedBytesMax(message);
    if (needed > this.#scratch.length) this.#scratch = Buffer.allocUnsafeSlow(needed * 2);
    return encodeMessage(this.#scratch, 0, message);
  }

  #route(
    message: Message,
    agent: Agent | undefined,
    length: number,
    source: Buffer = this.#scratch,
    offset = 0,
    voice: Voice = 'own',
    persist = false,
  ): Acceptance {
    const { store, counters, clients, conversations, inboxes, pending } = this.#parts;
    const instance = agent && this.#instanceOf(agent, message);
    if (instance !== undefined) checkTakes(instance, length);
    else if (!clients.has(message.receiver) && !inboxes.has(message.receiver)) {
      throw agentNotFound(message.receiver);
    }
    if (!store.hasRoom(length)) throw historyBehind();
    const verdict = conversations.check(message, voice);
    // Everything that can refuse has been asked: from here on the message is accepted.
    const number = persist && instance !== undefined ? pending.next() : 0;
    if (instance !== undefined) {
      this.#enqueue(instance, message, source, offset, length, number);
    }
    store.appendMessage(source, offset, length, undefined, number);
    counters.accepted += 1;
    conversations.accepted(message, verdict);
    this.#tell(message, source, offset);
    return instance === undefined ? 'delivered' : acceptanceBy(instance);
  }

  #enqueue(
    instance: Instance,
    { priority }: Message,
    source: Buffer,
    offset: number,
    length: number,
    number: number,
  ): void {
    const mark = Pending.markOf(number);
    this.#parts.delivery.enqueue(instance, source, offset, length, priority, undefined, mark);
  }

  /** A conversation stays on the version, and on the instance, on which it began. */
  #instanceOf(agent: Agent, message: Message): Instance {
    const { births } = this.#parts;
    const { conversationId } = message;
    births.note(conversationId);
    if (agent.only !== undefined) {
      agent.only.hadMessage = true;
      return agent.only;
    }
    const instance = agent.instanceFor(conversationId, births.bornMs(conversationId));
    instance.hadMessage = true;
    instance.usedMs = wallMs();
    return instance;
  }

  // Waiting callers, inboxes, streams and subscribed agents. `message` may lack its content.
  #tell(message: Message, source: Buffer, offset: number): void {
    const { waiters, events, subscriptions, inboxes } = this.#parts;
    waiters.match(message)?.answer(source, offset);
    const inbox = inboxes.of(message);
    if (inbox === undefined && !events.wantsMessages && subscriptions.size === 0) return;
    if (inbox !== undefined && message.content === '') decodeContent(source, offset, message);
    if (events.wantsMessages) events.publishMessage(message, source, offset);
    if (subscriptions.size > 0) this.#copyToSubscribers(message, source, offset);
    // Last, so that what follows from the message is told behind it.
    inbox?.take(message);
  }

  // A copy is an inform of its own whose content is the message; copies are not copied again, and
  // one that has no room is dropped like any other stream's, which the agent's log then tells.
  #copyToSubscribers(message: Message, source: Buffer, offset: number): void {
    const agents = this.#parts.subscriptions.matching(message);
    if (agents.size === 0) return;
    // The copies are encoded where the message may be.
    if (message.content === '') decodeContent(source, offset, message);
    for (const agent of agents) {
      const copy = copyFor(agent, message);
      const length = this.#encode(copy);
      const instance = this.#instanceOf(agent, copy);
      try {
        checkTakes(instance, length);
      } catch {
        this.#parts.counters.copiesDropped += 1;
        agent.missedCopies.missed(wallMs());
        continue;
      }
      agent.missedCopies.tell(wallMs());
      this.#parts.delivery.enqueue(instance, this.#scratch, 0, length, 0);
    }
  }

  #provider(message: Message): Agent {
    const capability = message.receiver.slice(CAPABILITY.length);
    let best: Agent | undefined;
    for (const agent of this.#parts.directory.providers(capability)) {
      if (best === undefined || agent.queued < best.queued) best = agent;
    }
    if (best === undefined) throw noProvider(message.receiver, capability);
    return best;
  }

  // One message to each provider, under ids of their own; the first carries the given id. Refused
  // as a whole when one of them can't take it, so that an error means that nothing was sent.
  #broadcast(message: Message, persist: boolean): Acceptance {
    const name = message.receiver.slice(BROADCAST.length);
    const providers = this.#parts.directory
      .providers(name)
      .filter((agent) => agent.id !== message.sender);
    if (providers.length === 0) throw noProvider(message.receiver, name);
    return this.sendToAll(message, providers, persist);
  }

  /** @throws CaxtonError when one of the agents can't take it; then none gets it */
  sendToAll(message: Message, agents: readonly Agent[], persist = false): Acceptance {
    this.#parts.hopLimit.check(message.hops);
    const length = this.#encode(message) + LIMITS.field_bytes;
    for (const agent of agents) checkTakes(this.#instanceOf(agent, message), length);
    const limitBytes = this.#parts.store.roomBytesMax;
    if (agents.length > 1 && length * agents.length > limitBytes) {
      throw broadcastTooLarge(length, agents.length, limitBytes);
    }
    if (!this.#parts.store.hasRoom(length, agents.length)) throw historyBehind();
    this.#parts.conversations.checkCopies(message, agents);
    let acceptance: Acceptance = 'delivered';
    agents.forEach((agent, index) => {
      const copy: Message = {
        ...message,
        receiver: agent.id,
        messageId: index === 0 && message.messageId !== '' ? message.messageId : newMessageId(),
      };
      const length = this.#encode(copy);
      const accepted = this.#route(copy, agent, length, this.#scratch, 0, 'own', persist);
      if (accepted === 'queued') acceptance = 'queued';
    });
    return acceptance;
  }

  /**
   * An agent failed a message: tells the sender, the dead letters and the streams.
   * @param original the message, whole
   * @param mark of its frame
   */
  fail(agent: Agent, original: Message, error: PlainError, mark = 0): void {
    const { counters, events, pending } = this.#parts;
    counters.failure(error.code);
    agent.figures.error(error.code, errorLabel(error));
    const buried = this.bury(original, agent.id, error);
    if (events.wants('message.failed')) {
      events.publish('message.failed', {
        ...messageEventBody(original),
        agent_id: agent.id,
        error: { code: error.code, message: error.message },
      });
    }
    this.reportFailure(agent.id, original, error);
    if (buried) pending.handled(mark);
  }

  /**
   * Sends `failure` to the sender of a message. A failed `failure` is not answered, nor is a copy
   * that the server made, or two broken agents would write to each other for ever.
   * @param voice `refusal` when the message was never accepted
   */
  reportFailure(from: string, original: Message, error: PlainError, voice: Voice = 'server'): void {
    if (original.performative === 'failure' || original.ontology === COPY_ONTOLOGY) return;
    const reply = emptyMessage('failure');
    reply.sender = from;
    reply.receiver = original.replyTo === '' ? original.sender : original.replyTo;
    reply.conversationId = original.conversationId;
    reply.inReplyTo = original.replyWith === '' ? original.messageId : original.replyWith;
    reply.protocol = original.protocol;
    reply.traceparent = original.traceparent;
    reply.hops = original.hops;
    reply.contentEncoding = CONTENT_JSON;
    reply.content = JSON.stringify({
      error: { code: error.code, message: error.message, ...error.details },
    });
    this.#parts.backlog.push((last) => {
      try {
        this.#accept(reply, voice);
      } catch (refusal) {
        // The message itself is among the dead letters, with the reason; a second letter that only
        // says so would help nobody, and floods would fill the list with them.
        if (!(refusal instanceof CaxtonError)) throw refusal;
        return last || !isHistoryBehind(refusal);
      }
      return true;
    });
  }
}

/** Marks copies that `subscribe_messages` makes. */
export const COPY_ONTOLOGY = 'caxton.message-copy';

function copyFor(agent: Agent, message: Message): Message {
  const copy = emptyMessage('inform');
  copy.messageId = newMessageId();
  copy.timestampUs = message.timestampUs;
  copy.sender = message.sender;
  copy.receiver = agent.id;
  copy.conversationId = message.conversationId;
  copy.hops = message.hops;
  copy.ontology = COPY_ONTOLOGY;
  copy.contentEncoding = CONTENT_JSON;
  copy.content = messageJsonText(message);
  return copy;
}

function errorLabel(error: PlainError): string {
  const resource = error.details.resource;
  return typeof resource === 'string' ? `${resource} limit exceeded` : error.message;
}

function noProvider(receiver: string, capability: string): CaxtonError {
  return new CaxtonError(
    'AGENT_NOT_FOUND',
    `No running agent offers the capability '${capability}'.`,
    { agent_id: receiver, capability, searched_at: new Date().toISOString() },
  );
}

function broadcastTooLarge(length: number, count: number, limitBytes: number): CaxtonError {
  return new CaxtonError(
    'RESOURCE_LIMIT_EXCEEDED',
    `A message of ${length} bytes to ${count} receivers is more than the message history takes at once, ${limitBytes} bytes. Make content smaller, or send to fewer receivers.`,
    { resource: 'history', limit_bytes: limitBytes, receivers: count },
  );
}
