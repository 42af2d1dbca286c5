import { Argument, type Command } from 'commander';
import { COMPLETION_SCRIPTS, SHELLS, type Shell } from './completion-scripts.js';

/** `caxton completion` */
export function addCompletionCommand(program: Command): void {
  program
    .command('completion')
    .description('print a script by which a shell completes commands at the press of a key')
    .addArgument(new Argument('<shell>', 'which shell').choices(SHELLS))
    .argument(
      '[words...]',
      'behind --: words of a line; print what may stand last (the script asks)',
    )
    .action(async (shell: Shell, words: readonly string[]) => {
      const text = words.length === 0 ? COMPLETION_SCRIPTS[shell] : await answer(shell, words);
      process.stdout.write(text);
    });

  async function answer(shell: Shell, words: readonly string[]): Promise<string> {
    const [{ complete }, { shellWords }] = await Promise.all([
      import('./completion.js'),
      import('./shell-words.js'),
    ]);
    const line = shell === 'bash' ? shellWords(words[0] as string) : words;
    const completion = await complete(program, line);
    if (typeof completion === 'string') return `:${completion}\n`;
    const cut = shell === 'bash' ? brokenAt(line.at(-1) ?? '') : 0;
    return completion
      .map(({ value, description }) => `${value.slice(cut)}\t${oneLine(description)}\n`)
      .join('');
  }
}

/** Bash takes what stands behind a = or : for a word of its own (COMP_WORDBREAKS). */
function brokenAt(word: string): number {
  return Math.max(word.lastIndexOf('='), word.lastIndexOf(':')) + 1;
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ');
