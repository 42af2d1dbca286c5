import assert from 'node:assert/strict';
import { test } from 'node:test';
import { leastLoaded } from '../../src/pool/placement.js';

const load = (index: number, agents: number, inFlight: number) => ({ index, agents, inFlight });

test('the worker with the fewest agents is chosen, whatever is in flight', () => {
  assert.equal(leastLoaded([load(0, 2, 0), load(1, 1, 99), load(2, 3, 0)])?.index, 1);
});

test('among equals the one with less in flight is chosen, then the first', () => {
  assert.equal(leastLoaded([load(0, 1, 5), load(1, 1, 4), load(2, 1, 4)])?.index, 1);
});

test('there is none to choose where there is none', () => {
  assert.equal(leastLoaded([]), undefined);
});
