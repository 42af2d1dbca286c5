import type { EventPattern, StreamFrame } from '@caxton/sdk';
import type { Command } from 'commander';
import { addClientOptions, connectionOf, outputOf } from './client-options.js';
import { list, wholeNumber } from './option-values.js';
import { printable } from './printable.js';

interface StreamOptions {
  /** As they were written; the server tells which there is not. */
  readonly types?: readonly EventPattern[];
  readonly agents?: readonly string[];
  readonly resumeFrom?: number;
  readonly count?: number;
}

/** `caxton events …` */
export function addEventsCommands(program: Command): void {
  const group = addClientOptions(
    program.command('events').description('follow what happens on the server'),
  );
  group
    .command('stream')
    .description('print events as they come, over lost connections, until interrupted')
    .option('--types <types>', 'which events: agent.failed, agent.*, * (a,b; default: *)', list)
    .option('--agents <names>', 'only those about these agents (a,b)', list)
    .option('--resume-from <seq>', 'begin behind the event with this number', wholeNumber(0))
    .option('--count <n>', 'end after this many', wholeNumber(1))
    .action(async ({ types, agents, resumeFrom, count }: StreamOptions, command: Command) => {
      const output = outputOf(command);
      const { stream } = await import('./stream.js');
      await stream(connectionOf(command), {
        request: {
          events: types ?? ['*'],
          ...(agents && { filters: { agent_ids: agents } }),
          ...(resumeFrom !== undefined && { resume_from: resumeFrom }),
        },
        count,
        comesBack: true,
        print: (frame, text) => output.print(text, () => eventLine(frame)),
      });
    });
}

/** An event on one line; the number at its end is what --resume-from takes. */
function eventLine(frame: StreamFrame): string {
  const { type, timestamp, seq, subscription_id: _, ...fields } = frame as unknown as EventFields;
  const pairs = Object.entries({ ...fields, seq }).map(
    ([name, value]) => `${name}=${plain(value)}`,
  );
  return printable([timestamp, type, ...pairs].join(' '));
}

interface EventFields {
  readonly type: string;
  readonly timestamp: string;
  readonly seq: number;
  readonly subscription_id: string;
}

/** A text that needs no quotes as it is, anything else as JSON. */
function plain(value: unknown): string {
  return typeof value === 'string' && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}
