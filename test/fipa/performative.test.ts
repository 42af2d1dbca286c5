import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  isFinalReply,
  normalizePerformative,
  PERFORMATIVES,
  performativeCode,
  performativeOfCode,
} from '../../src/fipa/performative.js';

test('the acts are the 22 of FIPA SC00037 and two forms of inform', () => {
  assert.equal(PERFORMATIVES.length, 24);
  assert.equal(new Set(PERFORMATIVES).size, 24);
});

test('an act is read in any case, with dashes or underscores', () => {
  const spelling = fc.constantFrom(...PERFORMATIVES).chain((name) =>
    fc.array(fc.boolean(), { minLength: name.length, maxLength: name.length }).map((raised) => ({
      name,
      text: [...name]
        .map((c, i) => (c === '-' ? (raised[i] ? '_' : '-') : raised[i] ? c.toUpperCase() : c))
        .join(''),
    })),
  );
  fc.assert(
    fc.property(spelling, ({ name, text }) => {
      assert.equal(normalizePerformative(text), name);
    }),
  );
});

test('what is no act is not read as one', () => {
  for (const text of [
    '',
    ' ',
    'shout',
    'inform ',
    'accept proposal',
    'acceptproposal',
    '__proto__',
  ]) {
    assert.equal(normalizePerformative(text), undefined);
  }
});

test('each act has a code of its own that leads back to it', () => {
  for (const name of PERFORMATIVES) assert.equal(performativeOfCode(performativeCode(name)), name);
  assert.equal(performativeOfCode(24), undefined);
  assert.equal(performativeOfCode(255), undefined);
});

test('codes are stored, so those that are given out never change', () => {
  const expected = { 'accept-proposal': 0, cfp: 3, inform: 7, request: 18, 'inform-result': 23 };
  for (const [name, code] of Object.entries(expected)) {
    assert.equal(performativeOfCode(code), name);
  }
});

test('an exchange ends with its result, a failure or a refusal', () => {
  const final = PERFORMATIVES.filter(isFinalReply);
  assert.deepEqual([...final].sort(), [
    'failure',
    'inform',
    'inform-done',
    'inform-result',
    'not-understood',
    'refuse',
  ]);
});
