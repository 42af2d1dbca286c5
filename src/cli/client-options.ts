import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { CaxtonClient } from '@caxton/sdk';
import { type Command, Option } from 'commander';
import { Connection } from './connection.js';
import { UsageError } from './failures.js';
import { OUTPUT_FORMATS, Output, type OutputFormat } from './output.js';

const DEFAULT_URL = 'http://127.0.0.1:8080';

/** Which server, and how to show oneself to it; what is left out is asked of the environment. */
export interface ConnectionOptions {
  readonly server?: string;
  readonly token?: string;
  readonly ca?: string;
}

interface GlobalOptions extends ConnectionOptions {
  readonly output?: OutputFormat;
}

function outputOption(): Option {
  return new Option(
    '--output <format>',
    'what to print: a table for people, or JSON for programs (env: CAXTON_OUTPUT, default: table)',
  ).choices(OUTPUT_FORMATS);
}

/** The options of commands that print something. */
export function addOutputOption(command: Command): Command {
  // The program's options end at the first word, so that its --version leaves deploy its own.
  return command.enablePositionalOptions(false).addOption(outputOption());
}

/** The options of commands that ask a server; they stand before or behind the command's own. */
export function addClientOptions(command: Command): Command {
  return addOutputOption(command)
    .option('--server <url>', `URL of the server (env: CAXTON_URL, default: ${DEFAULT_URL})`)
    .option('--token <token>', 'token to show to the server (env: CAXTON_TOKEN)')
    .option(
      '--ca <file>',
      'certificates in PEM to trust the server by, instead of the well-known ones (env: CAXTON_CA)',
    );
}

/** A command's own options and those of the commands above it, the nearest first. */
function optionsInForce(command: Command): GlobalOptions {
  const above = command.parent === null ? {} : optionsInForce(command.parent);
  return { ...above, ...command.opts<GlobalOptions>() };
}

/** An environment variable; an empty one counts as not set. */
function variable(name: string): string | undefined {
  return process.env[name] || undefined;
}

/** @throws UsageError when CAXTON_OUTPUT is no format */
export function outputOf(command: Command): Output {
  const given = optionsInForce(command).output ?? variable('CAXTON_OUTPUT') ?? 'table';
  const format = OUTPUT_FORMATS.find((name) => name === given);
  if (format === undefined) {
    throw new UsageError(
      `CAXTON_OUTPUT is ${JSON.stringify(given)}; it must be one of ${OUTPUT_FORMATS.join(', ')}.`,
    );
  }
  return new Output(format);
}

/** @throws UsageError when the URL is none, or the file of authorities can't be used */
export function connectionOf(command: Command): Connection {
  return connectionBy(optionsInForce(command));
}

/** The same by options that were read otherwise. */
export function connectionBy(options: ConnectionOptions): Connection {
  const ca = options.ca ?? variable('CAXTON_CA');
  return new Connection({
    url: options.server ?? variable('CAXTON_URL') ?? DEFAULT_URL,
    token: options.token ?? variable('CAXTON_TOKEN'),
    ca: ca === undefined ? undefined : readAuthorities(ca),
  });
}

/** Asks the server, and prints its answer as it came or, for people, what `table` makes of it. */
export async function printAnswer<T>(
  command: Command,
  call: (client: CaxtonClient) => Promise<T>,
  table: (answer: T) => string,
): Promise<void> {
  const output = outputOf(command);
  const { text, value } = await connectionOf(command).ask(call);
  output.print(text, () => table(value));
}

function readAuthorities(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    createSecureContext({ ca: text });
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  } catch (error) {
    throw new UsageError(`--ca: ${file} can't be used: ${(error as Error).message}.`);
  }
  throw new UsageError(`--ca: ${file} has no certificate in PEM.`);
}
