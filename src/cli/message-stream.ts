import type { Command } from 'commander';
import { clientOf, outputOf } from './client-options.js';
import { list, wholeNumber } from './option-values.js';
import type { StreamOptions } from './stream.js';

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
      const target = clientOf(command).webSocketTarget();
      const output = outputOf(command);
      const { Stream } = await import('./stream.js');
      await new Stream(target, options, output).run();
    });
}
