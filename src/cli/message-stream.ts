import type { EventPattern, Performative, StreamFrame, SubscriptionRequest } from '@caxton/sdk';
import type { Command } from 'commander';
import { connectionOf, outputOf } from './client-options.js';
import { messageLine } from './message-text.js';
import { list, wholeNumber } from './option-values.js';
import { printable } from './printable.js';

interface StreamOptions {
  readonly agents?: readonly string[];
  // As they were written; the server tells which there is not.
  readonly performatives?: readonly Performative[];
  readonly events?: readonly EventPattern[];
  readonly count?: number;
}

/** `caxton message stream` */
export function addMessageStream(group: Command): void {
  group
    .command('stream')
    .description('print messages, or events, as they come, until interrupted')
    .option('--agents <names>', 'only those about these agents or clients (a,b)', list)
    .option('--performatives <acts>', 'only messages of these FIPA acts (a,b)', list)
    .option('--events <types>', 'events instead of messages: agent.failed, agent.*, * (a,b)', list)
    .option('--count <n>', 'end after this many', wholeNumber(1))
    .action(async (options: StreamOptions, command: Command) => {
      const output = outputOf(command);
      const { stream } = await import('./stream.js');
      await stream(connectionOf(command), {
        request: requestOf(options),
        count: options.count,
        comesBack: false,
        print: (frame, text) => output.print(text, () => frameLine(frame)),
      });
    });
}

/** What to subscribe to: events when asked for, and messages unless only events were. */
function requestOf({ agents, performatives, events }: StreamOptions): SubscriptionRequest {
  const wantsMessages = events === undefined || performatives !== undefined;
  return {
    ...(wantsMessages && {
      filter: { ...(agents && { agents }), ...(performatives && { performatives }) },
    }),
    ...(events && { events }),
    ...(events && agents && { filters: { agent_ids: agents } }),
  };
}

function frameLine(frame: StreamFrame): string {
  if (frame.type === 'message') return messageLine(frame.message);
  const { type, subscription_id: _, ...rest } = frame;
  return printable(`${type} ${JSON.stringify(rest)}`);
}
