import type { ListDeadLettersInput, ListDeadLettersOutput } from '@caxton/sdk';
import type { Command } from 'commander';
import { addClientOptions, printAnswer } from './client-options.js';
import { wholeNumber } from './option-values.js';
import { columns, record } from './output.js';
import { pageFooter } from './paging.js';
import { shortened } from './printable.js';

const REASON_COLUMN = 60;

/** `caxton dead-letter …` */
export function addDeadLetterCommands(program: Command): void {
  const group = addClientOptions(
    program.command('dead-letter').description('look at messages that agents failed'),
  );
  addList(group);
  addRetry(group);
}

function addList(group: Command): void {
  group
    .command('list')
    .description('list messages that agents failed, newest first')
    .option('--agent <agent>', 'only those of this agent: id or name')
    .option('--limit <n>', 'most dead letters to show', wholeNumber(1))
    .option('--cursor <cursor>', 'where the page before ended')
    .action((options: ListDeadLettersInput, command: Command) =>
      printAnswer(command, (client) => client.listDeadLetters(options), letterTable),
    );
}

function letterTable({
  dead_letters: letters,
  total,
  next_cursor: cursor,
}: ListDeadLettersOutput): string {
  const table = columns(
    ['failed', 'agent', 'code', 'reason', 'performative', 'sender', 'message_id'],
    letters.map(({ message, ...letter }) => [
      letter.failed_at,
      message.receiver,
      letter.error.code,
      shortened(letter.error.message, REASON_COLUMN),
      message.performative,
      message.sender,
      letter.message_id,
    ]),
  );
  return table + pageFooter(letters.length, total, 'dead letters', cursor && `--cursor ${cursor}`);
}

function addRetry(group: Command): void {
  group
    .command('retry')
    .description('put a dead letter into its agent’s mailbox once more')
    .argument('<message_id>', 'its id')
    .action((messageId: string, _: object, command: Command) =>
      printAnswer(command, (client) => client.retryDeadLetter(messageId), record),
    );
}
