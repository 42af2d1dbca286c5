const ASSIGNMENT = /^[A-Za-z_]\w*\+?=/;

/**
 * The words behind a command's name in a line that is still being written, as a POSIX shell splits
 * it (POSIX.1-2017, Shell Command Language, 2.2): quotes and backslashes are taken off, nothing is
 * expanded. The last word is the one being written, which may be empty.
 */
export function shellWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  for (const [piece] of line.matchAll(
    /\s+|'[^']*'?|"(?:\\[\s\S]|[^"\\])*"?|\\[\s\S]?|[^\s'"\\]+/g,
  )) {
    if (/^\s/.test(piece)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? '') + unquoted(piece);
    }
  }
  words.push(word ?? '');
  const command = words.findIndex((text) => !ASSIGNMENT.test(text));
  return words.slice(command + 1);
}

function unquoted(piece: string): string {
  if (piece.startsWith("'")) return piece.replace(/^'|'$/g, '');
  if (piece.startsWith('"'))
    return piece
      .slice(1)
      .replace(/"$/, '')
      .replace(/\\(["\\$`])/g, '$1');
  return piece.replace(/^\\/, '');
}
