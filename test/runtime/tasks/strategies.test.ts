import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Bid,
  rank,
  STRATEGIES,
  type Strategy,
} from '../../../src/runtime/tasks/strategies.js';

const never = () => 0;
const bid = (agentId: string, fields: Partial<Bid> = {}): Bid => ({
  agentId,
  estimatedTimeS: 10,
  cost: undefined,
  confidence: undefined,
  replyWith: '',
  ...fields,
});
const order = (strategy: Strategy, bids: readonly Bid[], lastAwardOf = never): string[] =>
  rank(strategy, bids, lastAwardOf).map(({ agentId }) => agentId);

const bids = fc
  .array(
    fc.record({
      estimatedTimeS: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 1e9, noNaN: true })),
      cost: fc.option(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }), {
        nil: undefined,
      }),
      confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
    }),
    { maxLength: 20 },
  )
  .map((list) => list.map((fields, i) => bid(`agent_${i}`, fields)));

test('every strategy ranks each bid once, whatever the bids, and leaves the list as it is', () => {
  fc.assert(
    fc.property(bids, fc.constantFrom(...STRATEGIES), (given, strategy) => {
      const before = [...given];
      const ranked = rank(strategy, given, (agentId) => agentId.length % 3);
      assert.deepEqual(given, before);
      assert.equal(ranked.length, given.length);
      assert.deepEqual(new Set(ranked), new Set(given));
    }),
  );
});

test('bids that a strategy can’t tell apart keep the order in which they came', () => {
  fc.assert(
    fc.property(fc.nat(20), fc.constantFrom(...STRATEGIES), (count, strategy) => {
      const equal = Array.from({ length: count }, (_, i) => bid(`agent_${i}`, { cost: 1 }));
      assert.deepEqual(rank(strategy, equal, never), equal);
    }),
  );
});

test('best_bid ranks by confidence per second', () => {
  const value = (each: Bid) => (each.confidence ?? 1) / each.estimatedTimeS;
  fc.assert(
    fc.property(bids, (given) => {
      const usual = given.filter((each) => each.estimatedTimeS > 0);
      const ranked = rank('best_bid', usual, never).map(value);
      for (let i = 1; i < ranked.length; i++) assert.ok(ranked[i - 1]! >= ranked[i]!);
    }),
  );
  assert.deepEqual(
    order('best_bid', [
      bid('slow', { estimatedTimeS: 20, confidence: 1 }),
      bid('hopeless', { estimatedTimeS: 0, confidence: 0 }),
      bid('fast', { estimatedTimeS: 10, confidence: 0.6 }),
      bid('plain', { estimatedTimeS: 12 }),
      bid('instant', { estimatedTimeS: 0 }),
    ]),
    ['instant', 'plain', 'fast', 'slow', 'hopeless'],
  );
});

test('lowest_cost puts those that name no cost last', () => {
  fc.assert(
    fc.property(bids, (given) => {
      const costs = rank('lowest_cost', given, never).map(
        ({ cost }) => cost ?? Number.POSITIVE_INFINITY,
      );
      for (let i = 1; i < costs.length; i++) assert.ok(costs[i - 1]! <= costs[i]!);
    }),
  );
});

test('first_bid keeps the order in which bids came', () => {
  fc.assert(fc.property(bids, (given) => assert.deepEqual(rank('first_bid', given, never), given)));
});

test('round_robin gives every bidder as many awards as any other, give or take one', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10 }), fc.nat(50), fc.gen(), (bidders, rounds, gen) => {
      const lastAward = new Map<string, number>();
      const won = new Map<string, number>();
      const names = Array.from({ length: bidders }, (_, i) => `agent_${i}`);
      for (let round = 1; round <= rounds; round++) {
        // Bids come in another order each time.
        const shuffled = gen(fc.shuffledSubarray, names, { minLength: bidders });
        const offered = shuffled.map((name) => bid(name));
        const winner = rank('round_robin', offered, (name) => lastAward.get(name) ?? 0)[0]!;
        lastAward.set(winner.agentId, round);
        won.set(winner.agentId, (won.get(winner.agentId) ?? 0) + 1);
      }
      const counts = names.map((name) => won.get(name) ?? 0);
      assert.ok(Math.max(...counts) - Math.min(...counts) <= 1);
    }),
  );
});
