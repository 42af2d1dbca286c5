import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nextVersion } from '../../../src/runtime/deploy/next-version.js';

test('a version that nobody named has the next minor number', () => {
  assert.equal(nextVersion('1.0.0'), '1.1.0');
  assert.equal(nextVersion('2.9.7'), '2.10.0');
  assert.equal(nextVersion('1.4.0-beta.2+5'), '1.5.0');
});

test('what is no semantic version gets a number behind it', () => {
  assert.equal(nextVersion('summer'), 'summer-2');
  assert.equal(nextVersion('summer-2'), 'summer-3');
  assert.equal(nextVersion('1.0'), '1.0-2');
});
