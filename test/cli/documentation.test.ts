import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Command } from 'commander';
import { packageRoot } from '../../scripts/package-root.js';
import { EXIT } from '../../src/cli/exit-codes.js';
import { createProgram } from '../../src/cli/program.js';

const text = readFileSync(join(packageRoot(import.meta.url), 'docs/cli.md'), 'utf8');

/** The commands that do something, by how they are written: `caxton agent get <agent>`. */
function commands(command: Command, before = ''): Map<string, Command> {
  const words = [before, command.name()].filter((word) => word !== '').join(' ');
  if (command.commands.length > 0) {
    return new Map(command.commands.flatMap((child) => [...commands(child, words)]));
  }
  const takes = command.registeredArguments.map((argument) => ` <${argument.name()}>`);
  return new Map([[words + takes.join(''), command]]);
}

/** The text below each heading, by the code in the heading. */
function sections(): Map<string, string> {
  const parts = text.split(/^#{2,3} /m).slice(1);
  return new Map(
    parts.map((part) => {
      const [heading, ...lines] = part.split('\n');
      return [heading!.replaceAll('`', ''), lines.join('\n')];
    }),
  );
}

/** Flags in the first cell of each row of a section's table. */
function documentedFlags(section: string): string[] {
  return [...section.matchAll(/^\| `(--[^`]+)` +\|/gm)].map((match) => match[1]!).sort();
}

function flags(command: Command): string[] {
  return command.options.map((option) => option.flags).sort();
}

const program = createProgram();
const everywhere = new Set(flags(program));

/** Without those for all commands, which a command that is in no group has itself. */
const ownFlags = (command: Command): string[] =>
  flags(command).filter((flag) => command.parent !== program || !everywhere.has(flag));

const all = commands(program);

/** Groups whose commands ask no server. */
const OFFLINE = ['store', 'token', 'wasm'];

test('docs/cli.md describes every command and no other', () => {
  const documented = [...sections().keys()].filter((heading) => heading.startsWith('caxton '));
  assert.deepEqual(documented.sort(), [...all.keys()].sort());
});

test('docs/cli.md names every option of each command and no other', () => {
  for (const [heading, command] of all) {
    const section = sections().get(heading) ?? '';
    assert.deepEqual(documentedFlags(section), ownFlags(command), heading);
  }
});

test('docs/cli.md names the options for all commands', () => {
  const documented = documentedFlags(sections().get('For all commands') ?? '');
  const global = flags(program).filter((flag) => !flag.includes('--version'));
  assert.deepEqual(documented, global);
  for (const group of program.commands) {
    const known = group.name() === 'serve' ? [] : global;
    const expected = OFFLINE.includes(group.name()) ? ['--output <format>'] : known;
    if (group.commands.length > 0) assert.deepEqual(flags(group), expected, group.name());
  }
});

test('docs/cli.md lists the exit codes', () => {
  const codes = [...(sections().get('Exit codes') ?? '').matchAll(/^\| (\d+) +\|/gm)];
  assert.deepEqual(
    codes.map((match) => Number(match[1])),
    Object.values(EXIT),
  );
});
