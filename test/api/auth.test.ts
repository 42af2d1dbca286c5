import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import { Authenticator } from '../../src/api/auth.js';
import { loadConfig } from '../../src/config/load-config.js';
import { createToken } from '../../src/config/tokens.js';

/** What was compared in constant time while `act` ran, in bytes each. */
function compared(act: () => void): number[] {
  const { timingSafeEqual } = crypto;
  const lengths: number[] = [];
  crypto.timingSafeEqual = (a, b) => {
    lengths.push(a.byteLength, b.byteLength);
    return timingSafeEqual(a, b);
  };
  syncBuiltinESMExports();
  try {
    act();
  } finally {
    crypto.timingSafeEqual = timingSafeEqual;
    syncBuiltinESMExports();
  }
  return lengths;
}

test('a token is compared by its hash, in constant time, with each one that is configured', () => {
  const known = [createToken(), createToken(), createToken()];
  const tokens = known.map(({ sha256 }, i) => ({ name: `t${i}`, role: 'viewer' as const, sha256 }));
  const authenticator = new Authenticator(loadConfig({ flags: { tokens } }));
  // Wherever it stands in the list, and whatever it has in common with one of them.
  const strangers = [createToken().token, known[0]!.token.slice(0, -1), `${known[2]!.token}x`, 'a'];
  for (const token of strangers) {
    const lengths = compared(() => {
      assert.throws(() => authenticator.authenticate(token, ''), { code: 'UNAUTHORIZED' });
    });
    assert.deepEqual(lengths, [32, 32, 32, 32, 32, 32]);
  }
  for (const { token } of known) {
    const lengths = compared(() => void authenticator.authenticate(token, ''));
    assert.deepEqual(lengths, [32, 32, 32, 32, 32, 32]);
  }
});
