import type { Command } from 'commander';
import { closest } from '../base/suggest.js';

/** `caxton help [command…]`: commander's own knows no commands of groups. */
export function addHelpCommand(program: Command): void {
  program.helpCommand(false);
  program
    .command('help')
    .description('explain a command, or all of them')
    .argument('[command...]', 'such as agent, or agent deploy')
    .action((names: readonly string[]) => {
      let command = program;
      for (const name of names) command = childOf(command, name);
      command.help();
    });
}

function childOf(parent: Command, name: string): Command {
  const child = parent.commands.find((command) => command.name() === name);
  if (child !== undefined) return child;
  const meant = closest(
    name,
    parent.commands.map((command) => command.name()),
  );
  const hint = meant === undefined ? '' : `\n(Did you mean ${meant}?)`;
  return parent.error(`error: unknown command '${name}'${hint}`, {
    code: 'commander.unknownCommand',
  });
}
