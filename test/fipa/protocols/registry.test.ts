import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Performative } from '../../../src/fipa/performative.js';
import { isFinal, legalActs, nextState } from '../../../src/fipa/protocols/interpreter.js';
import { type Role, START } from '../../../src/fipa/protocols/protocol.js';
import { PROTOCOLS, protocolOf } from '../../../src/fipa/protocols/registry.js';

/** `request` is the initiator's, `<refuse` the participant's. */
function run(protocol: string, ...acts: string[]): string | undefined {
  const table = protocolOf(protocol)!;
  let state: string | undefined = START;
  for (const spoken of acts) {
    const by: Role = spoken.startsWith('<') ? 'participant' : 'initiator';
    const act = spoken.replace('<', '') as Performative;
    if (state === undefined) return undefined;
    state = nextState(table, state, by, act);
  }
  return state;
}

const RUNS: ReadonlyArray<readonly [protocol: string, acts: string, end: string]> = [
  ['fipa-request', 'request <agree <inform-done', 'done'],
  ['fipa-request', 'request <agree <inform-result', 'done'],
  ['fipa-request', 'request <agree <failure', 'failed'],
  ['fipa-request', 'request <inform', 'done'],
  ['fipa-request', 'request <refuse', 'refused'],
  ['fipa-request', 'request <agree cancel <inform', 'cancelled'],
  ['fipa-request', 'request cancel <agree <failure', 'cancel-failed'],
  ['fipa-request', 'request <not-understood', 'not-understood'],
  ['fipa-query', 'query-if <agree <inform', 'done'],
  ['fipa-query', 'query-ref <inform-result', 'done'],
  ['fipa-query', 'query-ref <agree <failure', 'failed'],
  ['fipa-query', 'query-if <refuse', 'refused'],
  ['fipa-request-when', 'request-when <agree <inform-done', 'done'],
  ['fipa-request-when', 'request-when <refuse', 'refused'],
  ['fipa-request-when', 'request-when <agree <failure', 'failed'],
  ['fipa-contract-net', 'cfp <refuse', 'refused'],
  ['fipa-contract-net', 'cfp <propose reject-proposal', 'rejected'],
  ['fipa-contract-net', 'cfp <propose accept-proposal <inform-result', 'done'],
  ['fipa-contract-net', 'cfp <propose accept-proposal <failure', 'failed'],
  ['fipa-iterated-contract-net', 'cfp <propose cfp <propose accept-proposal <inform', 'done'],
  ['fipa-iterated-contract-net', 'cfp <propose cfp <refuse', 'refused'],
  ['fipa-brokering', 'proxy <refuse', 'refused'],
  ['fipa-brokering', 'proxy <agree <failure', 'failed'],
  ['fipa-brokering', 'proxy <agree <inform-done <inform', 'answered'],
  ['fipa-brokering', 'proxy <agree <inform <inform-done <propose <refuse <inform', 'answered'],
  ['fipa-subscribe', 'subscribe <agree <inform <inform cancel <inform-done', 'cancelled'],
  ['fipa-subscribe', 'subscribe <inform-result <failure', 'failed'],
  ['fipa-subscribe', 'subscribe <refuse', 'refused'],
  ['fipa-propose', 'propose <accept-proposal', 'accepted'],
  ['fipa-propose', 'propose <reject-proposal', 'rejected'],
];

for (const [protocol, acts, end] of RUNS) {
  test(`${protocol} allows ${acts}, which ends in ${end}`, () => {
    assert.equal(run(protocol, ...acts.split(' ')), end);
    assert.ok(isFinal(protocolOf(protocol)!, end));
  });
}

const ILLEGAL: ReadonlyArray<readonly [protocol: string, acts: string]> = [
  ['fipa-request', '<request'],
  ['fipa-request', 'inform'],
  ['fipa-request', 'request request'],
  ['fipa-request', 'request <propose'],
  ['fipa-request', 'request <agree <refuse'],
  ['fipa-request', 'request <refuse <inform'],
  ['fipa-query', 'query-if <inform-result'],
  ['fipa-query', 'request'],
  ['fipa-request-when', 'request-when <inform-done'],
  ['fipa-contract-net', 'cfp accept-proposal'],
  ['fipa-contract-net', 'cfp <propose cfp'],
  ['fipa-contract-net', 'cfp <propose <inform'],
  ['fipa-contract-net', 'cfp <propose reject-proposal accept-proposal'],
  ['fipa-iterated-contract-net', 'cfp cfp'],
  ['fipa-brokering', 'proxy <inform'],
  ['fipa-brokering', 'request'],
  ['fipa-subscribe', 'subscribe <refuse <inform'],
  ['fipa-propose', 'propose <inform'],
  ['fipa-propose', 'propose accept-proposal'],
];

for (const [protocol, acts] of ILLEGAL) {
  test(`${protocol} forbids ${acts}`, () => {
    const before = acts.split(' ').slice(0, -1);
    assert.notEqual(run(protocol, ...before), undefined, 'what comes before is legal');
    assert.equal(run(protocol, ...acts.split(' ')), undefined);
  });
}

test('the protocols are those of the FIPA documents, found in any spelling', () => {
  assert.deepEqual(
    PROTOCOLS.map(({ name, specification }) => `${name} ${specification}`),
    [
      'fipa-request SC00026',
      'fipa-query SC00027',
      'fipa-request-when SC00028',
      'fipa-contract-net SC00029',
      'fipa-iterated-contract-net SC00030',
      'fipa-brokering SC00033',
      'fipa-subscribe SC00035',
      'fipa-propose SC00036',
    ],
  );
  assert.equal(protocolOf('FIPA_Contract-Net')?.name, 'fipa-contract-net');
  for (const name of ['', 'fipa-auction', 'contract-net', '__proto__']) {
    assert.equal(protocolOf(name), undefined, name);
  }
});

test('the legal acts are those of the side that speaks', () => {
  const net = protocolOf('fipa-contract-net')!;
  assert.deepEqual(legalActs(net, START, 'initiator'), ['cfp']);
  assert.deepEqual(legalActs(net, START, 'participant'), []);
  const acts = legalActs(net, 'proposed', 'initiator');
  assert.deepEqual(acts, ['reject-proposal', 'accept-proposal', 'not-understood', 'cancel']);
});
