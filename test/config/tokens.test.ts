import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createToken, hashToken } from '../../src/config/tokens.js';

test('a token holds 32 random bytes and is stored by its SHA-256', () => {
  const { token, sha256 } = createToken();
  assert.match(token, /^cxt_[A-Za-z0-9_-]{43}$/);
  assert.equal(sha256, createHash('sha256').update(token).digest('hex'));
  assert.equal(hashToken(token), sha256);
});

test('the hash is plain SHA-256 of the text, so that any tool can make it', () => {
  // NIST's example of one block.
  assert.equal(
    hashToken('abc'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('no two tokens are the same', () => {
  const made = new Set(Array.from({ length: 1_000 }, () => createToken().token));
  assert.equal(made.size, 1_000);
});
