import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PERFORMATIVES } from '../../../src/fipa/performative.js';
import {
  isFinal,
  legalActs,
  maySpeak,
  nextState,
} from '../../../src/fipa/protocols/interpreter.js';
import { type Protocol, type Role, START } from '../../../src/fipa/protocols/protocol.js';
import { PROTOCOLS } from '../../../src/fipa/protocols/registry.js';

const ROLES: readonly Role[] = ['initiator', 'participant'];
const aProtocol = fc.constantFrom(...PROTOCOLS);
const aRole = fc.constantFrom(...ROLES);
const anAct = fc.constantFrom(...PERFORMATIVES);

function statesOf(protocol: Protocol): string[] {
  return [...new Set(protocol.transitions.flatMap(([from, , , to]) => [from, to]))];
}

/** All that may be said in a state, as the steps that it takes. */
function steps(protocol: Protocol, state: string): string[] {
  return ROLES.flatMap((role) =>
    legalActs(protocol, state, role).map((act) => nextState(protocol, state, role, act) as string),
  );
}

test('an act is accepted exactly when a row of the table has it', () => {
  const anyState = fc.oneof(fc.string(), fc.constantFrom(...PROTOCOLS.flatMap(statesOf)));
  fc.assert(
    fc.property(aProtocol, anyState, aRole, anAct, (protocol, state, role, act) => {
      const rows = protocol.transitions.filter(
        ([from, by, acts]) => from === state && by === role && acts.includes(act),
      );
      assert.ok(rows.length <= 1, `${protocol.name}: ${state} ${role} ${act} is ambiguous`);
      assert.equal(nextState(protocol, state, role, act), rows[0]?.[3]);
      assert.equal(legalActs(protocol, state, role).includes(act), rows.length === 1);
    }),
    { numRuns: 5_000 },
  );
});

test('no two rows of a table say different things', () => {
  for (const protocol of PROTOCOLS) {
    const seen = protocol.transitions.flatMap(([from, by, acts]) =>
      acts.map((act) => `${protocol.name} ${from} ${by} ${act}`),
    );
    assert.deepEqual(seen, [...new Set(seen)]);
  }
});

test('a random legal walk that comes to a standstill is in a final state', () => {
  fc.assert(
    fc.property(aProtocol, fc.array(fc.nat(), { maxLength: 60 }), (protocol, choices) => {
      let state = START;
      for (const choice of choices) {
        const next = steps(protocol, state);
        if (next.length === 0) break;
        state = next[choice % next.length] as string;
      }
      assert.equal(maySpeak(protocol, state), steps(protocol, state).length > 0);
      assert.ok(maySpeak(protocol, state) || isFinal(protocol, state), state);
    }),
    { numRuns: 2_000 },
  );
});

test('from every state that can be reached a final one can be', () => {
  for (const protocol of PROTOCOLS) {
    const ends = new Set(protocol.finals);
    for (let grown = true; grown; ) {
      const more = statesOf(protocol).filter(
        (state) => !ends.has(state) && steps(protocol, state).some((to) => ends.has(to)),
      );
      for (const state of more) ends.add(state);
      grown = more.length > 0;
    }
    assert.deepEqual(
      statesOf(protocol).filter((state) => !ends.has(state)),
      [],
      protocol.name,
    );
  }
});

test('only the initiator begins, and what is over stays over', () => {
  for (const protocol of PROTOCOLS) {
    assert.deepEqual(legalActs(protocol, START, 'participant'), []);
    assert.ok(!isFinal(protocol, START));
    for (const final of protocol.finals) {
      for (const to of steps(protocol, final)) assert.equal(to, final, protocol.name);
    }
  }
});
