import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { sampleAgent } from '../support/guests.js';
import { PlainHost } from '../support/plain-host.js';

function bidder(config: Record<string, string> = {}): PlainHost {
  const host = new PlainHost(sampleAgent('bidder'), config);
  assert.equal(host.exports.agent_init?.(), 0);
  return host;
}

interface Answer {
  performative: string;
  receiver: string;
  content: Record<string, unknown>;
}

function tell(host: PlainHost, performative: string, content?: unknown): Answer | undefined {
  assert.equal(host.deliver({ performative, sender: 'manager', receiver: 'bidder', content }), 0);
  return host.takeSent()[0] as unknown as Answer | undefined;
}

describe('the bidder agent', () => {
  it('registers data_processing, or the capability of its config', () => {
    assert.deepEqual(bidder().state.capabilities, ['data_processing']);
    const named = bidder({ capability: 'übersetzen:1.2' });
    assert.deepEqual(named.state.capabilities, ['übersetzen:1.2']);
    const long = 'x'.repeat(1_000);
    assert.deepEqual(bidder({ capability: long }).state.capabilities, [long]);
  });

  it('proposes time, cost and confidence from its config and the size', () => {
    const plain = tell(bidder(), 'cfp');
    assert.deepEqual(plain, {
      performative: 'propose',
      receiver: 'manager',
      content: { estimated_time: 10, cost: 100, confidence: 0.9 },
    });
    const config = { speed: '40', price: '0.25', confidence: '0.75' };
    assert.deepEqual(tell(bidder(config), 'cfp', { size: 50 })?.content, {
      estimated_time: 1.25,
      cost: 12.5,
      confidence: 0.75,
    });
    // The size may stand in the data of a task.
    assert.deepEqual(tell(bidder(config), 'cfp', { data: { size: 50 } })?.content, {
      estimated_time: 1.25,
      cost: 12.5,
      confidence: 0.75,
    });
    assert.deepEqual(tell(bidder({ speed: '3' }), 'cfp', { size: 2.5 })?.content, {
      estimated_time: 0.833,
      cost: 2.5,
      confidence: 0.9,
    });
  });

  it('falls back to its defaults where config or size make no sense', () => {
    const config = { speed: '0', price: '-1', confidence: 'much' };
    const content = { estimated_time: 10, cost: 100, confidence: 0.9 };
    for (const size of [-1, 'big', null, 1e300]) {
      assert.deepEqual(tell(bidder(config), 'cfp', { size })?.content, content);
    }
  });

  it('refuses what it has no capability for, in both ways to ask', () => {
    const host = bidder({ capability: 'a"b:2.0' });
    assert.deepEqual(tell(host, 'cfp', { capability: 'other' }), {
      performative: 'refuse',
      receiver: 'manager',
      content: { reason: 'a required capability is missing', capability: 'a"b' },
    });
    assert.equal(tell(host, 'cfp', { capability: 'a"b' })?.performative, 'propose');
    const requiring = (...capabilities: string[]) => ({ requirements: { capabilities } });
    assert.equal(tell(host, 'cfp', requiring('a"b'))?.performative, 'propose');
    assert.equal(tell(host, 'cfp', requiring())?.performative, 'propose');
    assert.equal(tell(host, 'cfp', requiring('a"b', 'c'))?.performative, 'refuse');
    assert.equal(tell(host, 'cfp', requiring('a"'))?.performative, 'refuse');
  });

  it('refuses everything when its config says so', () => {
    assert.equal(tell(bidder({ refuse: 'true' }), 'cfp')?.performative, 'refuse');
    assert.equal(tell(bidder({ refuse: 'false' }), 'cfp')?.performative, 'propose');
  });

  it('does the work it wins and informs of the result', () => {
    const host = bidder();
    assert.deepEqual(tell(host, 'accept-proposal'), {
      performative: 'inform',
      receiver: 'manager',
      content: { result: 'done', primes: 25, up_to: 100 },
    });
    const large = tell(host, 'accept-proposal', { size: 1e6 });
    assert.deepEqual(large?.content, { result: 'done', primes: 1229, up_to: 10_000 });
    assert.equal(tell(host, 'accept-proposal', { size: 0.5 })?.content.primes, 0);
  });

  it('says nothing when it loses or is answered', () => {
    const host = bidder();
    for (const act of ['reject-proposal', 'inform', 'failure', 'not-understood']) {
      assert.equal(tell(host, act), undefined);
    }
  });

  it('does not understand other acts', () => {
    assert.equal(tell(bidder(), 'request', {})?.performative, 'not-understood');
  });

  it('bids and works 50,000 times in the memory that the first time took', () => {
    const host = bidder({ capability: 'work', speed: '2' });
    const calls = ['cfp', 'accept-proposal'].map((performative) =>
      Buffer.from(JSON.stringify({ performative, sender: 's', content: { size: 9 } })),
    );
    let before = 0;
    for (let i = 0; i < 50_000; i++) {
      for (const call of calls) host.deliver(call);
      host.state.sent.length = 0;
      if (i === 0) before = host.exports.memory.buffer.byteLength;
    }
    assert.equal(host.exports.memory.buffer.byteLength, before);
  });
});
