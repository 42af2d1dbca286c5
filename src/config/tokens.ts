import { createHash, randomBytes } from 'node:crypto';
import { TOKEN_PREFIX } from '../base/hide-tokens.js';

const TOKEN_BYTES = 32;

/** The form in which the config stores a token: SHA-256 in lower-case hexadecimal. */
export function hashToken(token: string): string {
  return createHash('sha256').update(token, 'utf8').digest('hex');
}

/**
 * A new token. A plain hash is enough to store it by: 256 random bits can't be guessed, so there
 * is nothing for a slow hash to protect.
 */
export function createToken(): { token: string; sha256: string } {
  const token = `${TOKEN_PREFIX}${randomBytes(TOKEN_BYTES).toString('base64url')}`;
  return { token, sha256: hashToken(token) };
}
