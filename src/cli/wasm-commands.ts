import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { FUEL_EXPORT, type MeteredModule, meterModule, START_EXPORT } from '../wasm/meter.js';
import { addOutputOption, outputOf } from './client-options.js';
import { UsageError } from './failures.js';
import { readBytes } from './option-values.js';
import { record } from './output.js';

/** `caxton wasm …`, which asks no server. */
export function addWasmCommands(program: Command): void {
  const group = addOutputOption(
    program.command('wasm').description('work on WebAssembly modules, agents or not'),
  );
  group
    .command('meter')
    .description('make a module count the fuel it uses, and stop when there is none left')
    .argument('<in>', 'any valid module: a .wasm file')
    .argument('<out>', 'where to write the metered module')
    .action((input: string, target: string, _: object, command: Command) => {
      const bytes = readBytes(input);
      const metered = meterModule(bytes);
      write(target, metered.bytes);
      const result = report(input, target, bytes.length, metered);
      outputOf(command).print(JSON.stringify(result), () => meterText(result));
    });
}

function write(file: string, bytes: Uint8Array): void {
  try {
    writeFileSync(file, bytes);
  } catch (error) {
    throw new UsageError(`${file} can't be written: ${(error as Error).message}`);
  }
}

function report(input: string, target: string, inputBytes: number, metered: MeteredModule) {
  return {
    input,
    input_bytes: inputBytes,
    output: target,
    output_bytes: metered.bytes.length,
    functions: metered.functions,
    memory_initial_pages: metered.initialPages,
    memory_max_pages: metered.maxPages,
    fuel_global: FUEL_EXPORT,
    ...(metered.start && { start_export: START_EXPORT }),
  };
}

function meterText({ fuel_global, start_export, ...facts }: ReturnType<typeof report>): string {
  const start =
    start_export === undefined
      ? ''
      : `\nIts start function no longer runs by itself: call the export ${start_export} once.`;
  return [
    record(facts),
    '',
    `Set the exported mutable i64 global ${fuel_global} to a budget before each call; a call that`,
    `needs more traps, and the global shows what is left.${start}`,
  ].join('\n');
}
