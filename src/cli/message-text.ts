import type { Message } from '@caxton/sdk';
import { columns } from './output.js';
import { printable, shortened } from './printable.js';

const CONTENT_COLUMN = 60;

function contentText(message: Message): string {
  return message.content === undefined ? '-' : JSON.stringify(message.content);
}

/** A message with all that it holds, for people. */
export function messageText(message: Message): string {
  const { content: _, ...fields } = message;
  const width = Math.max(...Object.keys(fields).map((name) => name.length));
  return [...Object.entries(fields), ['content', contentText(message)] as const]
    .map(([name, value]) => `${name.padEnd(width)}  ${printable(String(value))}`)
    .join('\n');
}

/** A message on one line. */
export function messageLine(message: Message): string {
  const { timestamp, performative, sender, receiver } = message;
  return printable(`${timestamp} ${performative} ${sender} → ${receiver} ${contentText(message)}`);
}

export function messageTable(messages: readonly Message[]): string {
  return columns(
    ['time', 'performative', 'sender', 'receiver', 'content', 'message_id'],
    messages.map((message) => [
      message.timestamp,
      message.performative,
      message.sender,
      message.receiver,
      shortened(contentText(message), CONTENT_COLUMN),
      message.message_id,
    ]),
  );
}
