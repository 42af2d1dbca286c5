import { wallUs } from '../base/clock.js';
import { isTaskId, newMessageId, sortableId } from '../base/ids.js';
import { LIMITS } from '../base/limits.js';
import { isUtf8Range } from '../base/utf8.js';
import { isCapability } from '../fipa/capability.js';
import type { Message } from '../fipa/message.js';
import { HOST_CALL_FUEL, HOST_INVALID_ARGUMENT, HOST_LIMIT_EXCEEDED } from '../wire/host-calls.js';
import type { BroadcastFilter } from './filter-schemas.js';
import { ENCODING_JSON } from './guest-encoding.js';
import type { HostContext, ImportBinder } from './host-context.js';
import { readBroadcastFilter, readSubscriptionFilter } from './host-filters.js';

/** The imports by which an agent talks to others. */
export const MESSAGE_IMPORTS: Readonly<Record<string, ImportBinder>> = Object.freeze({
  send_message: (host) => (pointer: number, length: number) => {
    const start = host.memory.check(pointer, length);
    host.fuel.charge(HOST_CALL_FUEL.send_message, length >>> 0);
    const { input, effects } = host.services;
    if (!effects.admitInput(length >>> 0)) return HOST_LIMIT_EXCEEDED;
    if (host.encoding === ENCODING_JSON) {
      const { services, memory, agent } = host;
      const result = services.plainSends.send(memory, agent.agentIdView, start, length >>> 0);
      if (result !== undefined) return result;
    }
    const message = input.message(host.memory.bytes, start, length >>> 0, host.encoding);
    if (typeof message === 'number') return message;
    fillIn(message, host);
    return effects.send(message);
  },

  broadcast_message:
    (host) => (filterPointer: number, filterLength: number, pointer: number, length: number) => {
      const filterStart = host.memory.check(filterPointer, filterLength);
      const start = host.memory.check(pointer, length);
      const bytes = (filterLength >>> 0) + (length >>> 0);
      host.fuel.charge(HOST_CALL_FUEL.broadcast_message, bytes);
      const { input, effects } = host.services;
      if (!effects.admitInput(bytes)) return HOST_LIMIT_EXCEEDED;
      const memory = host.memory.bytes;
      const filter = readBroadcastFilter(
        input.filter(memory, filterStart, filterLength >>> 0, host.encoding),
      );
      if (filter === undefined) return HOST_INVALID_ARGUMENT;
      const receiver = 'capability' in filter ? `broadcast:${filter.capability}` : 'broadcast:';
      const message = input.message(memory, start, length >>> 0, host.encoding, receiver);
      if (typeof message === 'number') return message;
      message.receiver = receiver;
      fillIn(message, host);
      const result = effects.broadcast(JSON.stringify(filter), message);
      return result < 0 ? result : countReceivers(filter, host);
    },

  register_capability: (host) => (pointer: number, length: number) => {
    const start = host.memory.check(pointer, length);
    host.fuel.charge(HOST_CALL_FUEL.register_capability, length >>> 0);
    if (length >>> 0 > LIMITS.agent_name_bytes) return HOST_INVALID_ARGUMENT;
    const { bytes } = host.memory;
    if (!isUtf8Range(bytes, start, start + (length >>> 0))) return HOST_INVALID_ARGUMENT;
    const name = host.memory.text(start, length);
    if (!isCapability(name)) return HOST_INVALID_ARGUMENT;
    return addOnce(host, host.agent.capabilities, name, LIMITS.capabilities_per_agent, () =>
      host.services.effects.capability(name),
    );
  },

  subscribe_messages: (host) => (pointer: number, length: number) => {
    const start = host.memory.check(pointer, length);
    host.fuel.charge(HOST_CALL_FUEL.subscribe_messages, length >>> 0);
    const { input, effects } = host.services;
    if (!effects.admitInput(length >>> 0)) return HOST_LIMIT_EXCEEDED;
    const filter = readSubscriptionFilter(
      input.filter(host.memory.bytes, start, length >>> 0, host.encoding),
    );
    if (filter === undefined) return HOST_INVALID_ARGUMENT;
    const text = JSON.stringify(filter);
    return addOnce(host, host.agent.subscriptions, text, LIMITS.subscriptions_per_agent, () =>
      effects.subscribe(text),
    );
  },
});

/**
 * Registers what isn't registered yet. A successor of a trapped instance registers again in its
 * agent_init what its predecessor did: that is no news and no error.
 */
function addOnce(
  host: HostContext,
  registered: Set<string>,
  text: string,
  limit: number,
  publish: () => number,
): number {
  if (registered.has(text)) return 0;
  if (registered.size >= limit) return HOST_LIMIT_EXCEEDED;
  const refused = publish();
  if (refused !== 0) return refused;
  host.services.effects.undo.add(() => registered.delete(text));
  registered.add(text);
  return 0;
}

function countReceivers(filter: BroadcastFilter, host: HostContext): number {
  const { directory } = host.services;
  return 'capability' in filter
    ? directory.countProviders(filter.capability, host.agent.agentId)
    : directory.countAgents(filter.agents);
}

/** Sets what the guest can't: who sends, under which id, when, and in which conversation. */
function fillIn(message: Message, host: HostContext): void {
  message.sender = host.agent.agentId;
  message.messageId = newMessageId();
  message.timestampUs = wallUs();
  message.hops = host.services.call.hops;
  const { handled } = host.services.call;
  if (handled !== undefined) {
    if (message.traceparent === '') message.traceparent = handled.traceparent;
    if (answers(message, handled)) {
      message.conversationId = handled.conversationId;
      if (message.inReplyTo === '') message.inReplyTo = handled.replyWith || handled.messageId;
    }
  }
  // The conversation of a task is known where its messages are accepted.
  if (message.conversationId === '' && !isTaskId(message.receiver)) {
    message.conversationId = `conv_${sortableId()}`;
  }
}

/** Whether it goes back to where the handled message came from, within its conversation. */
function answers(message: Message, handled: Message): boolean {
  const back = message.receiver === handled.sender || message.receiver === handled.replyTo;
  const { conversationId } = message;
  return back && (conversationId === '' || conversationId === handled.conversationId);
}
