import type { Command } from 'commander';
import { closest } from '../base/suggest.js';
import { connectionOf, outputOf } from './client-options.js';
import { EXIT } from './exit-codes.js';
import { ApiError, reportFailure, UsageError } from './failures.js';
import type { OutputFormat } from './output.js';
import { createProgram } from './program.js';

/** Agents whose names are looked at for "did you mean". */
const SUGGESTED_FROM = 500;

/**
 * Runs one command.
 * @param argv as in `process.argv`
 * @returns the exit code
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = createProgram();
  let command: Command = program;
  program.hook('preAction', (_, actionCommand) => {
    command = actionCommand;
    refuseEmpty(command);
  });
  try {
    await program.parseAsync(argv);
    return EXIT.ok;
  } catch (error) {
    return reportFailure(error, formatOf(command), await suggestion(error, command));
  }
}

/** An argument is an id, a name or a file, and none of these is empty. */
function refuseEmpty(command: Command): void {
  const empty = command.registeredArguments.find((_, i) => command.processedArgs[i] === '');
  if (empty !== undefined) throw new UsageError(`The argument <${empty.name()}> is empty.`);
}

/** A wrong CAXTON_OUTPUT is what the failure is about, and is told as text. */
function formatOf(command: Command): OutputFormat {
  try {
    return outputOf(command).format;
  } catch {
    return 'table';
  }
}

/** The name of the agent that was likely meant, where none has the name given. */
async function suggestion(error: unknown, command: Command): Promise<string | undefined> {
  if (!(error instanceof ApiError) || error.fields.code !== 'AGENT_NOT_FOUND') return undefined;
  const wanted = error.fields.details.agent_id;
  if (typeof wanted !== 'string') return undefined;
  try {
    const { value } = await connectionOf(command).ask((client) =>
      client.listAgents({ limit: SUGGESTED_FROM }),
    );
    return closest(
      wanted,
      value.agents.map((agent) => agent.name),
    );
  } catch {
    // A suggestion is a courtesy: without it the error itself is still told.
    return undefined;
  }
}
