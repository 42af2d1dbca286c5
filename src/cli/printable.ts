/**
 * Text from agents and messages made fit for a terminal: control characters, which could move the
 * cursor or hide what follows, are shown as escapes.
 * @param keepLines whether line ends stay
 */
export function printable(text: string, keepLines = false): string {
  return text.replace(/\p{Cc}|\p{Bidi_Control}|[\u2028\u2029]/gu, (character) => {
    if (keepLines && character === '\n') return character;
    const code = character.codePointAt(0) as number;
    return code < 0x100
      ? `\\x${code.toString(16).padStart(2, '0')}`
      : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

/** Cuts a text that is longer than a column may be, and shows that it was cut. */
export function shortened(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}
