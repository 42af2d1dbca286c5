import { type Command, InvalidArgumentError, Option } from 'commander';
import { LIMITS } from '../base/limits.js';
import { ROLES, type Role } from '../base/roles.js';
import { createToken } from '../config/tokens.js';
import { addOutputOption, outputOf } from './client-options.js';
import { list } from './option-values.js';

interface CreateOptions {
  readonly name: string;
  readonly role: Role;
  readonly agents?: readonly string[];
}

/** `caxton token …`, which asks no server. */
export function addTokenCommands(program: Command): void {
  const group = addOutputOption(program.command('token').description('make tokens for clients'));
  group
    .command('create')
    .description('make a token and the entry of the config file that makes it known')
    .requiredOption('--name <name>', 'who will hold it', tokenName)
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('--agents <names>', 'the only agents it may use (a,b); default: all', list)
    .action(async (options: CreateOptions, command: Command) => {
      const { stringify } = await import('yaml');
      const { token, sha256 } = createToken();
      const entry = { ...options, sha256 };
      outputOf(command).print(JSON.stringify({ token, ...entry }), () =>
        [
          'The token, shown only now:',
          '',
          token,
          '',
          'Its entry in the config file of the server, which is then started again:',
          '',
          stringify({ tokens: [entry] }).trimEnd(),
        ].join('\n'),
      );
    });
}

function tokenName(text: string): string {
  if (text !== '' && text.length <= LIMITS.field_bytes) return text;
  throw new InvalidArgumentError(`Write 1 to ${LIMITS.field_bytes} characters.`);
}
