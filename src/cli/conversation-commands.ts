import type { GetConversationOutput } from '@caxton/sdk';
import { type Command, Option } from 'commander';
import { addClientOptions, printAnswer } from './client-options.js';
import { messageTable } from './message-text.js';
import { wholeNumber } from './option-values.js';
import { columns, record } from './output.js';
import { pageFooter } from './paging.js';

/** `caxton conversation …` */
export function addConversationCommands(program: Command): void {
  const group = addClientOptions(
    program.command('conversation').description('look at who says what under which protocol'),
  );
  addShow(group);
}

interface ShowOptions {
  readonly order?: 'asc' | 'desc';
  readonly limit?: number;
  readonly cursor?: string;
}

function addShow(group: Command): void {
  group
    .command('show')
    .description('show a conversation: protocol, state, participants and messages')
    .argument('<conversation_id>', 'its id')
    .addOption(
      new Option('--order <order>', 'oldest or newest first (default: asc)').choices([
        'asc',
        'desc',
      ]),
    )
    .option('--limit <n>', 'most messages to show', wholeNumber(1))
    .option('--cursor <cursor>', 'where the page before ended')
    .action((conversationId: string, options: ShowOptions, command: Command) =>
      printAnswer(
        command,
        (client) => client.getConversation(conversationId, options),
        conversationText,
      ),
    );
}

function conversationText(conversation: GetConversationOutput): string {
  const { participants, messages, total, next_cursor: cursor } = conversation;
  const head = record({
    conversation_id: conversation.conversation_id,
    protocol: conversation.protocol ?? 'none',
    state: conversation.state,
  });
  const parties = columns(
    ['role', 'state', 'participant'],
    participants.map(({ id, role, state }) => [role, state, id]),
  );
  const footer = pageFooter(messages.length, total, 'messages', cursor && `--cursor ${cursor}`);
  return `${head}\n\n${parties}\n\n${messageTable(messages)}${footer}`;
}
