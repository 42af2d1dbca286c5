import type {
  ListMessagesInput,
  ListMessagesOutput,
  Performative,
  SendMessageInput,
  SendMessageOutput,
} from '@caxton/sdk';
import { type Command, Option } from 'commander';
import { addClientOptions, printAnswer } from './client-options.js';
import { UsageError } from './failures.js';
import { addMessageStream } from './message-stream.js';
import { messageTable, messageText } from './message-text.js';
import { durationMs, type Json, jsonValue, wholeNumber } from './option-values.js';
import { record } from './output.js';
import { pageFooter } from './paging.js';

/** `caxton message …` */
export function addMessageCommands(program: Command): void {
  const group = addClientOptions(
    program.command('message').description('send FIPA messages and read their history'),
  );
  addSend(group);
  addList(group);
  addGet(group);
  addMessageStream(group);
}

interface SendOptions {
  readonly to: string;
  /** As it was written; the server tells when there is none. */
  readonly performative: Performative;
  readonly content?: Json;
  readonly sender?: string;
  readonly conversation?: string;
  readonly replyWith?: string;
  readonly inReplyTo?: string;
  readonly protocol?: string;
  readonly priority?: number;
  readonly persist?: boolean;
  readonly idempotencyKey?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly until?: SendMessageInput['until'];
}

function addSend(group: Command): void {
  group
    .command('send')
    .description('send a message and, with --wait, show the reply to it')
    .requiredOption(
      '--to <receiver>',
      'agent id or name, client id, capability:NAME or broadcast:NAME',
    )
    .option('--performative <act>', 'the FIPA act, such as request or query-ref', 'request')
    .option('--content <json>', 'the content as JSON, @file, or - for standard input', jsonValue)
    .option('--sender <name>', 'who sends; default: the name of the token, or anonymous')
    .option('--conversation <id>', 'the conversation; default: a new one')
    .option('--reply-with <text>', 'what an answer must carry as in_reply_to')
    .option('--in-reply-to <text>', 'the reply_with that this message answers')
    .option('--protocol <name>', 'interaction protocol, such as fipa-request')
    .option('--priority <n>', '0 to 9; higher is sooner', wholeNumber(0))
    .option('--persist', 'return only when the message is on disk')
    .option('--idempotency-key <key>', 'a repeated send under the same key is sent once')
    .option('--wait', 'wait for the reply and show it')
    .option('--timeout <duration>', 'how long to wait, such as 500ms or 30s', durationMs)
    .addOption(
      new Option('--until <reply>', 'which reply ends the wait').choices(['first', 'final']),
    )
    .action((options: SendOptions, command: Command) => {
      checkWait(options);
      const { idempotencyKey } = options;
      return printAnswer(
        command,
        (client) => client.sendMessage(messageInput(options), { idempotencyKey }),
        sendText,
      );
    });
}

function checkWait(options: SendOptions): void {
  if (options.wait === true) return;
  if (options.timeout !== undefined) throw new UsageError('--timeout needs --wait.');
  if (options.until !== undefined) throw new UsageError('--until needs --wait.');
}

function messageInput(options: SendOptions): SendMessageInput {
  return {
    performative: options.performative,
    receiver: options.to,
    sender: options.sender,
    content: options.content?.value,
    conversation_id: options.conversation,
    reply_with: options.replyWith,
    in_reply_to: options.inReplyTo,
    protocol: options.protocol,
    priority: options.priority,
    ...(options.persist && { options: { persist: true } }),
    wait: options.wait,
    timeout_ms: options.timeout,
    until: options.until,
  };
}

function sendText({ reply, ...answer }: SendMessageOutput): string {
  const head = record(answer);
  return reply === undefined ? head : `${head}\n\nreply\n${messageText(reply)}`;
}

type HistoryOptions = Omit<ListMessagesInput, 'conversation_id'> & {
  readonly conversation?: string;
};

function addList(group: Command): void {
  group
    .command('list')
    .description('show the message history')
    .option('--conversation <id>', 'only this conversation')
    .option('--agent <name>', 'only messages with this agent or client at either end')
    .option('--sender <name>', 'only messages of this sender')
    .option('--receiver <name>', 'only messages to this receiver')
    .option('--performative <act>', 'only this FIPA act')
    .option('--since <time>', 'only messages of this time or later (RFC 3339)')
    .option('--until <time>', 'only messages before this time (RFC 3339)')
    .addOption(
      new Option('--order <order>', 'oldest or newest first (default: asc)').choices([
        'asc',
        'desc',
      ]),
    )
    .option('--limit <n>', 'most messages to show', wholeNumber(1))
    .option('--cursor <cursor>', 'where the page before ended')
    .action(({ conversation, ...options }: HistoryOptions, command: Command) => {
      const query = { conversation_id: conversation, ...options };
      return printAnswer(command, (client) => client.listMessages(query), historyText);
    });
}

function historyText({ messages, total, next_cursor: cursor }: ListMessagesOutput): string {
  const next = cursor && `--cursor ${cursor}`;
  return messageTable(messages) + pageFooter(messages.length, total, 'messages', next);
}

function addGet(group: Command): void {
  group
    .command('get')
    .description('show one message of the history')
    .argument('<message_id>', 'its id')
    .action((messageId: string, _: object, command: Command) =>
      printAnswer(command, (client) => client.getMessage(messageId), messageText),
    );
}
