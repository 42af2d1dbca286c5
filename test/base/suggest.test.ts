import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closest, editDistance } from '../../src/base/suggest.js';

test('insertions, deletions, replacements and swaps count one each', () => {
  assert.equal(editDistance('agent', 'agent'), 0);
  assert.equal(editDistance('agent', 'agents'), 1);
  assert.equal(editDistance('agents', 'agent'), 1);
  assert.equal(editDistance('agent', 'agont'), 1);
  assert.equal(editDistance('contnet', 'content'), 1);
  assert.equal(editDistance('', 'abc'), 3);
});

test('a distance is the same both ways and at most the longer word', () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const edits = editDistance(a, b);
      assert.equal(edits, editDistance(b, a));
      assert.equal(edits === 0, a === b);
      assert.ok(edits <= Math.max(a.length, b.length));
      assert.ok(edits >= Math.abs(a.length - b.length));
    }),
  );
});

test('the nearest candidate is meant, in any case', () => {
  assert.equal(closest('deplyo', ['delete', 'deploy', 'list']), 'deploy');
  assert.equal(closest('WORKRES', ['workers', 'words']), 'workers');
});

test('nothing is meant by a word that is far from all, or absurdly long', () => {
  assert.equal(closest('xyzzy', ['deploy', 'list']), undefined);
  assert.equal(closest('deploy', []), undefined);
  assert.equal(closest('a'.repeat(129), ['a'.repeat(129)]), undefined);
});
