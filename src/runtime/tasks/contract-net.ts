import { LIMITS } from '../../base/limits.js';
import {
  CONTENT_JSON,
  contentJsonText,
  type Envelope,
  emptyMessage,
  type Message,
} from '../../fipa/message.js';
import { isFinalReply, type Performative } from '../../fipa/performative.js';
import { readBid, readProgress, readReason } from './contents.js';
import type { TaskCommand, TaskEvent } from './events.js';
import type { Bid } from './strategies.js';
import { conversationOf, type Task } from './task.js';

/** The messages of a contract net (FIPA SC00029): what the server writes, and how it reads answers. */

const PROTOCOL = 'fipa-contract-net';

/** A bid with the names of the API. */
export function bidJson(bid: Bid) {
  return {
    agent_id: bid.agentId,
    estimated_time: bid.estimatedTimeS,
    ...(bid.cost === undefined ? {} : { cost: bid.cost }),
    ...(bid.confidence === undefined ? {} : { confidence: bid.confidence }),
  };
}

/** What a call for proposals, and an accept-proposal, say of the task; the data as it came. */
export function taskText(task: Task, more: object = {}): string {
  const { definition } = task;
  const head = JSON.stringify({
    task_id: task.id,
    name: definition.name,
    description: definition.description,
    requirements: { capabilities: definition.capabilities },
    timeout_seconds: definition.timeoutMs / 1_000,
    ...more,
  });
  return definition.data === '' ? head : `${head.slice(0, -1)},"data":${definition.data}}`;
}

/** @param content `taskText`, made once for all participants */
export function callFor(task: Task, to: string, content: string): Message {
  const message = outgoing(task, 'cfp', to, content);
  message.replyWith = `${conversationOf(task)}.cfp`;
  message.replyByMs = task.bidsUntilMs;
  return message;
}

export function acceptanceOf(task: Task, bid: Bid, nowMs: number): Message {
  const { agent_id: _, ...proposal } = bidJson(bid);
  const message = outgoing(task, 'accept-proposal', bid.agentId, taskText(task, { proposal }));
  message.inReplyTo = bid.replyWith;
  message.replyWith = `${conversationOf(task)}.award`;
  message.replyByMs = nowMs + task.definition.timeoutMs;
  return message;
}

export function rejectionOf(task: Task, to: string, replyWith: string, reason: string): Message {
  const content = JSON.stringify({ task_id: task.id, reason });
  const message = outgoing(task, 'reject-proposal', to, content);
  message.inReplyTo = replyWith;
  return message;
}

/** Tells whoever bids or does the task that neither is wanted any more. */
export function cancellationOf(
  task: Task,
  { to, of, reason }: TaskCommand & { type: 'cancel' },
): Message {
  const message = outgoing(task, 'cancel', to, JSON.stringify({ task_id: task.id, reason }));
  message.inReplyTo = `${conversationOf(task)}.${of}`;
  return message;
}

function outgoing(task: Task, performative: Performative, to: string, content: string): Message {
  const message = emptyMessage(performative);
  message.sender = task.id;
  message.receiver = to;
  message.conversationId = conversationOf(task);
  message.protocol = PROTOCOL;
  message.contentEncoding = CONTENT_JSON;
  message.content = content;
  return message;
}

/** What a message to the task means, or why it means nothing. */
export function eventOf(task: Task, message: Message): TaskEvent | string {
  if (!belongs(task, message)) return 'it belongs to another conversation';
  const from = message.sender;
  if (message.performative === 'propose') {
    const bid = readBid(message);
    if (typeof bid !== 'string') return { type: 'bid', bid };
    const replyWith = message.replyWith === '' ? message.messageId : message.replyWith;
    return { type: 'unreadable_bid', from, replyWith, reason: bid };
  }
  if (!isFinalReply(message.performative)) return `a ${message.performative} is not awaited`;
  if (!message.performative.startsWith('inform')) {
    return { type: 'turned_down', from, reason: readReason(message) };
  }
  const progress = readProgress(message);
  if (progress === undefined) {
    return { type: 'done', from, result: resultOf(message), messageId: message.messageId };
  }
  if (typeof progress === 'string') return progress;
  return { type: 'progress', from, progress };
}

/**
 * The conversation of a message to the task that names none: that of the round which it answers, as
 * its `in_reply_to` says, or of the present one; undefined before the first round.
 */
export function conversationFor(task: Task, message: Envelope): string | undefined {
  if (task.round === 0) return undefined;
  const conversation = conversationOf(task);
  const anyRound = conversation.slice(0, conversation.lastIndexOf('_') + 1);
  const { inReplyTo } = message;
  if (!inReplyTo.startsWith(anyRound)) return conversation;
  const round = /^\d+(?=\.)/.exec(inReplyTo.slice(anyRound.length));
  return round === null ? conversation : anyRound + round[0];
}

// Of an earlier round it must not be. Where it names a conversation of its sender's own, its sender
// and receiver say enough.
function belongs(task: Task, message: Message): boolean {
  const conversation = conversationOf(task);
  const { conversationId, inReplyTo } = message;
  if (conversationId === conversation || inReplyTo.startsWith(`${conversation}.`)) return true;
  const anyRound = conversation.slice(0, conversation.lastIndexOf('_') + 1);
  return !conversationId.startsWith(anyRound) && !inReplyTo.startsWith(anyRound);
}

function resultOf(message: Message): string {
  const text = contentJsonText(message);
  return text.length <= LIMITS.task_result_bytes ? text : '';
}
