import { Command } from 'commander';
import { VERSION } from '../base/version.js';
import { addAgentCommands } from './agent-commands.js';
import { addBenchCommand } from './bench-command.js';
import { addClientOptions } from './client-options.js';
import { addCompletionCommand } from './completion-command.js';
import { addConversationCommands } from './conversation-commands.js';
import { addDeadLetterCommands } from './dead-letter-commands.js';
import { addDeploymentCommands } from './deployment-commands.js';
import { addDevCommands } from './dev-commands.js';
import { addEventsCommands } from './events-commands.js';
import { addHelpCommand } from './help-command.js';
import { addMessageCommands } from './message-commands.js';
import { addServeCommand } from './serve-command.js';
import { addServerCommands } from './server-commands.js';
import { addStoreCommands } from './store-commands.js';
import { addTaskCommands } from './task-commands.js';
import { addTokenCommands } from './token-commands.js';
import { addWasmCommands } from './wasm-commands.js';

const AFTER_HELP = `
Exit codes: 0 done, 1 the operation failed, 2 wrong usage or configuration, 3 no server answers.`;

/** Every command with its options. */
export function createProgram(): Command {
  const program = new Command('caxton')
    .description('Runs agents as WebAssembly modules that talk in FIPA messages.')
    .version(VERSION)
    .showSuggestionAfterError()
    .exitOverride()
    .configureHelp({
      showGlobalOptions: true,
      // Those of the group: the program has the same ones.
      visibleGlobalOptions: (command) => [
        ...(command.parent?.parent ? command.parent.options : []),
      ],
    })
    .addHelpText('after', AFTER_HELP);
  addClientOptions(program).enablePositionalOptions();
  addServeCommand(program);
  addAgentCommands(program);
  addDeploymentCommands(program);
  addMessageCommands(program);
  addEventsCommands(program);
  addConversationCommands(program);
  addDeadLetterCommands(program);
  addTaskCommands(program);
  addDevCommands(program);
  addBenchCommand(program);
  addServerCommands(program);
  addStoreCommands(program);
  addTokenCommands(program);
  addWasmCommands(program);
  addCompletionCommand(program);
  addHelpCommand(program);
  return program;
}
