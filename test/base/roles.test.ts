import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROLES, roleCovers } from '../../src/base/roles.js';

test('each role covers itself and those before it', () => {
  assert.deepEqual([...ROLES], ['viewer', 'sender', 'operator', 'admin']);
  for (const [i, held] of ROLES.entries()) {
    for (const [j, needed] of ROLES.entries()) {
      assert.equal(roleCovers(held, needed), j <= i, `${held} for ${needed}`);
    }
  }
});
