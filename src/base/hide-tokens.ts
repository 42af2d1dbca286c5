/** What a token begins with, so that one is known wherever it stands. */
export const TOKEN_PREFIX = 'cxt_';

const TOKEN = /cxt_[\w-]{20,}/g;

/**
 * The text without the tokens that somebody put where none belongs, such as into the place of an
 * agent's name, from where errors and logs would tell them on.
 */
export function hideTokens(text: string): string {
  return text.includes(TOKEN_PREFIX) ? text.replace(TOKEN, `${TOKEN_PREFIX}***`) : text;
}
