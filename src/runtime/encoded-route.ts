import { wallUs } from '../base/clock.js';
import { agentNotFound } from '../base/errors.js';
import {
  CONVERSATION_FIELD,
  decodeMessage,
  encodedBytes,
  encodedPriority,
  encodedReplyByMs,
  encodedTextAt,
  encodedTextBytes,
  PROTOCOL_FIELD,
  RECEIVER_FIELD,
  readdress,
  TIMESTAMP_AT,
} from '../fipa/binary.js';
import type { Message } from '../fipa/message.js';
import { type Acceptance, acceptanceBy, checkTakes, historyBehind } from './acceptance.js';
import type { Agent } from './agent.js';
import { AgentAddresses } from './agent-addresses.js';
import { isGroup } from './groups.js';
import type { RouterParts } from './router-parts.js';

export interface EncodedRouteParts extends RouterParts {
  /** Routes a message that has been decoded but for its content. */
  readonly route: (
    message: Message,
    agent: Agent,
    length: number,
    source: Buffer,
    offset: number,
  ) => Acceptance;
  /** Tells whoever listens of a message that was accepted. */
  readonly tell: (message: Message, source: Buffer, offset: number) => void;
}

/** An agent's id may be longer than the name that was written, by less than this. */
const ROOM_BYTES = 1_024;

/**
 * Takes what agents send to each other and to clients by the bytes of its binary form. Most of it
 * concerns nobody but its receiver: then no string and no object is made of it on the main thread.
 */
export class EncodedRoute {
  readonly #parts: EncodedRouteParts;
  readonly #addresses: AgentAddresses;
  /** The message under its receiver's id, where it was written to a name. */
  #scratch = Buffer.allocUnsafeSlow(64 * 1024);
  #scratchView = new DataView(this.#scratch.buffer);

  constructor(parts: EncodedRouteParts) {
    this.#parts = parts;
    this.#addresses = new AgentAddresses(parts.directory);
  }

  /**
   * Accepts a message to one agent, or to a client, that names its conversation.
   * @param view over the same memory as `source`, in which the message's time is set
   * @returns undefined when it isn't one; then nothing has happened
   * @throws CaxtonError as Router.accept
   */
  accept(source: Buffer, offset: number, view: DataView): Acceptance | undefined {
    const start = encodedTextAt(source, offset, RECEIVER_FIELD);
    const end = start + encodedTextBytes(source, offset, RECEIVER_FIELD);
    if (encodedTextBytes(source, offset, CONVERSATION_FIELD) === 0) return undefined;
    // When it is accepted is when it comes here, not when its sender wrote it.
    view.setFloat64(offset + TIMESTAMP_AT, wallUs(), true);
    const address = this.#addresses.find(source, start, end);
    const { agent } = address;
    if (agent === undefined) return this.#toClient(address.name, source, offset, view);
    const bytes = encodedBytes(source, offset);
    if (address.isId) return this.#route(agent, bytes, source, offset, view);
    // Whatever the sender called it, the message names its receiver by its id.
    this.#makeRoom(bytes + ROOM_BYTES);
    const scratch = this.#scratch;
    const length = readdress(source, offset, view, address.id, scratch, this.#scratchView);
    return this.#route(agent, length, scratch, 0, this.#scratchView);
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#scratch.length) return;
    this.#scratch = Buffer.allocUnsafeSlow(bytes * 2);
    this.#scratchView = new DataView(this.#scratch.buffer);
  }

  #route(agent: Agent, length: number, source: Buffer, offset: number, view: DataView): Acceptance {
    const instance = agent.only;
    if (instance === undefined || !this.#isPlain(source, offset)) {
      return this.#parts.route(decodeMessage(source, offset, false), agent, length, source, offset);
    }
    const { births, store, counters, delivery } = this.#parts;
    const conversationAt = encodedTextAt(source, offset, CONVERSATION_FIELD);
    const conversationBytes = encodedTextBytes(source, offset, CONVERSATION_FIELD);
    births.noteEncoded(source, conversationAt, conversationBytes);
    instance.hadMessage = true;
    checkTakes(instance, length);
    if (!store.hasRoom(length)) throw historyBehind();
    // Everything that can refuse has been asked: from here on the message is accepted.
    delivery.enqueue(instance, source, offset, length, encodedPriority(source, offset), view);
    store.appendMessage(source, offset, length, view);
    counters.accepted += 1;
    this.#tell(source, offset);
    return acceptanceBy(instance);
  }

  #toClient(name: string, source: Buffer, offset: number, view: DataView): Acceptance | undefined {
    const { store, clients, counters, inboxes } = this.#parts;
    if (isGroup(name) || inboxes.has(name) || !this.#isPlain(source, offset)) return undefined;
    if (!clients.has(name)) throw agentNotFound(name);
    const length = encodedBytes(source, offset);
    if (!store.hasRoom(length)) throw historyBehind();
    store.appendMessage(source, offset, length, view);
    counters.accepted += 1;
    this.#tell(source, offset);
    return 'delivered';
  }

  /** Whether it means nothing to any conversation that is followed. */
  #isPlain(source: Buffer, offset: number): boolean {
    return (
      this.#parts.conversations.quiet &&
      encodedTextBytes(source, offset, PROTOCOL_FIELD) === 0 &&
      encodedReplyByMs(source, offset) === 0
    );
  }

  #tell(source: Buffer, offset: number): void {
    const { waiters, events, subscriptions } = this.#parts;
    if (events.wantsMessages || subscriptions.size > 0) {
      this.#parts.tell(decodeMessage(source, offset, false), source, offset);
    } else waiters.matchEncoded(source, offset)?.answer(source, offset);
  }
}
