import { Conversation, judgeFirst } from './conversation.js';
import type { Envelope } from './message.js';
import type { Role } from './protocols/protocol.js';
import { protocolOf } from './protocols/registry.js';

/** One end of a conversation's messages. */
export interface Party {
  readonly id: string;
  readonly role: Role;
  /** Of the exchange between the initiator and this participant; absent without a protocol. */
  readonly state: string | undefined;
}

export interface Replayed {
  /** Absent when no message names a protocol that is known. */
  readonly protocol: string | undefined;
  readonly completed: boolean;
  /** In the order in which they appear, the initiator first. */
  readonly parties: readonly Party[];
}

/** How far a conversation came, told from its messages alone, oldest first. */
export function replay(messages: readonly Envelope[]): Replayed {
  let conversation: Conversation | undefined;
  const names = new Set<string>();
  const said = new Set<string>();
  for (const message of messages) {
    names.add(message.sender).add(message.receiver);
    said.add(message.messageId).add(message.replyWith);
    if (!tellsOfRefusal(message, said)) conversation = following(conversation, message);
  }
  const initiator = conversation?.initiator ?? messages[0]?.sender;
  if (initiator === undefined) return { protocol: undefined, completed: false, parties: [] };
  names.delete(initiator);
  return {
    protocol: conversation?.protocol.name,
    completed: conversation?.completed ?? false,
    parties: partiesOf(initiator, names, conversation),
  };
}

/** The initiator and the others, with their states where the conversation knows any. */
export function partiesOf(
  initiator: string,
  others: Iterable<string>,
  conversation: Conversation | undefined,
): Party[] {
  const parties: Party[] = [
    { id: initiator, role: 'initiator', state: conversation?.states.get(initiator) },
  ];
  for (const id of others) {
    parties.push({ id, role: 'participant', state: conversation?.states.get(id) });
  }
  return parties;
}

/** The server told an agent that its message was refused; that one was never said. */
function tellsOfRefusal({ performative, inReplyTo }: Envelope, said: Set<string>): boolean {
  return performative === 'failure' && inReplyTo !== '' && !said.has(inReplyTo);
}

const asItIs = (name: string): string => name;

function following(before: Conversation | undefined, message: Envelope): Conversation | undefined {
  const { sender, receiver } = message;
  const protocol = protocolOf(message.protocol);
  if (message.protocol !== '' && protocol === undefined) return before;
  if (before !== undefined) {
    const judged = before.judge(message, receiver, protocol, asItIs);
    const failed = message.performative === 'failure' && judged?.step === undefined;
    // A failure out of turn is the server's.
    const step = (failed ? before.judgeFailure(sender, receiver) : judged)?.step;
    if (step !== undefined) before.take(step);
    if (step !== undefined || !before.completed) return before;
  }
  if (protocol === undefined) return before;
  const { step } = judgeFirst(message, receiver, protocol, asItIs);
  if (step === undefined) return before;
  const begun = new Conversation(message.conversationId, protocol, sender);
  begun.take(step);
  return begun;
}
