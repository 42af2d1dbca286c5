import type { Command, Option } from 'commander';
import type { ConnectionOptions } from './client-options.js';
import { type ValueSource, valueSource } from './completion-values.js';

export interface Candidate {
  readonly value: string;
  readonly description: string;
}

/** What may stand at the end of a line: words, or a path that the shell itself completes. */
export type Completion = readonly Candidate[] | 'files' | 'folders';

/** Where in the program a line has come to. */
interface Position {
  readonly command: Command;
  readonly operands: readonly string[];
  /** The option whose value comes next. */
  readonly pending: Option | undefined;
  /** Whether `--` stood somewhere, so that no options follow. */
  readonly isPlain: boolean;
  readonly server: ConnectionOptions;
}

/**
 * What may stand in place of the last word.
 * @param words of the line, behind the program's name
 */
export async function complete(program: Command, words: readonly string[]): Promise<Completion> {
  const begun = words.at(-1) ?? '';
  const start = { command: program, operands: [], pending: undefined, isPlain: false, server: {} };
  const end = words.slice(0, -1).reduce<Position | undefined>(advance, start);
  if (end === undefined) return [];
  if (end.pending !== undefined) return valuesAt(valueSource(end.pending), begun, end.server);
  const { command, operands, isPlain } = end;
  if (command.name() === 'help' && !begun.startsWith('-')) return helpAt(program, operands, begun);
  if (begun.startsWith('-') && !isPlain) return optionsAt(end, begun);
  if (command.commands.length > 0) return commandsOf(command, begun);
  const { registeredArguments: all } = command;
  const argument = all[operands.length] ?? (all.at(-1)?.variadic ? all.at(-1) : undefined);
  return valuesAt(argument && valueSource(argument), begun, end.server);
}

function advance(position: Position | undefined, word: string): Position | undefined {
  if (position === undefined) return undefined;
  const { command, operands, pending, isPlain, server } = position;
  if (pending !== undefined) {
    const given = { ...server, [pending.attributeName()]: word };
    return { ...position, pending: undefined, server: given };
  }
  if (word === '--' && !isPlain) return { ...position, isPlain: true };
  if (word.startsWith('-') && !isPlain) {
    const [name, value] = word.split(/=(.*)/s);
    const option = optionsOf(command).find(({ long, short }) => name === long || name === short);
    if (option === undefined || !takesValue(option)) return position;
    const awaiting = { ...position, pending: option };
    return value === undefined ? awaiting : advance(awaiting, value);
  }
  if (command.commands.length === 0) return { ...position, operands: [...operands, word] };
  const child = command.commands.find((one) => one.name() === word);
  if (child !== undefined) return { ...position, command: child };
  // Each group has a command `help` too, which is not among its commands.
  const own = command.createHelp().visibleCommands(command);
  const help = own.find((one) => one.name() === word);
  return help && { ...position, command: help, operands: [command.name()] };
}

const takesValue = (option: Option): boolean => option.required || option.optional;

/** Those of the command and, where they count, of the group above it. */
function optionsOf(command: Command): readonly Option[] {
  const help = command.createHelp();
  return [...help.visibleOptions(command), ...help.visibleGlobalOptions(command)];
}

function optionsAt({ command, server }: Position, begun: string): Completion | Promise<Completion> {
  const options = optionsOf(command);
  const [name, value] = begun.split(/=(.*)/s);
  if (value !== undefined) {
    const option = options.find(({ long }) => long === name);
    const source = option && takesValue(option) ? valueSource(option) : undefined;
    return valuesAt(source, value, server, `${name}=`);
  }
  return fitting(
    options.map(({ long, short, description }) => ({ value: long ?? short ?? '', description })),
    begun,
  );
}

function commandsOf(command: Command, begun: string): readonly Candidate[] {
  return fitting(
    command
      .createHelp()
      .visibleCommands(command)
      .map((child) => ({ value: child.name(), description: child.description() })),
    begun,
  );
}

function helpAt(program: Command, operands: readonly string[], begun: string): Completion {
  let command: Command | undefined = program;
  for (const name of operands) command = command?.commands.find((one) => one.name() === name);
  return command === undefined ? [] : commandsOf(command, begun);
}

/** @param prefix what stands before the value in the same word */
async function valuesAt(
  source: ValueSource | undefined,
  begun: string,
  server: ConnectionOptions,
  prefix = '',
): Promise<Completion> {
  const values = (await source?.values(server)) ?? [];
  if (typeof values === 'string') return values;
  const before = source?.isList ? begun.slice(0, begun.lastIndexOf(',') + 1) : '';
  const used = new Set(before.split(','));
  return fitting(
    values
      .filter((value) => !used.has(value))
      .map((value) => ({ value: prefix + before + value, description: '' })),
    prefix + begun,
  );
}

function fitting(candidates: readonly Candidate[], begun: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(begun));
}
