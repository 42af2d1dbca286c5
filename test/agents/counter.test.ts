import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { sampleAgent } from '../support/guests.js';
import { PlainHost } from '../support/plain-host.js';

const LARGEST = Number.MAX_SAFE_INTEGER;

function ask(host: PlainHost, content: unknown, performative = 'request'): unknown {
  assert.equal(host.deliver({ performative, sender: 'client', receiver: 'counter', content }), 0);
  const [answer] = host.takeSent();
  if (answer === undefined) return undefined;
  assert.equal(answer.receiver, 'client');
  const { reason } = answer.content as { reason?: string };
  if (answer.performative !== 'not-understood') assert.equal(answer.performative, 'inform');
  return answer.performative === 'not-understood' ? reason : answer.content;
}

describe('the counter agent', () => {
  it('adds, tells and resets the count', () => {
    const host = new PlainHost(sampleAgent('counter'));
    assert.deepEqual(ask(host, { action: 'get' }), { count: 0 });
    assert.deepEqual(ask(host, { action: 'add', amount: 5 }), { count: 5 });
    assert.deepEqual(ask(host, { amount: -12, action: 'add' }), { count: -7 });
    assert.deepEqual(ask(host, { action: 'get' }), { count: -7 });
    assert.deepEqual(ask(host, { action: 'reset' }), { count: 0 });
    assert.deepEqual(ask(host, { action: 'get' }), { count: 0 });
  });

  it('keeps the count in the data store and finds it there in a new instance', () => {
    const first = new PlainHost(sampleAgent('counter'));
    ask(first, { action: 'add', amount: LARGEST });
    assert.equal(Buffer.from(first.state.data.get('count')!).toString(), String(LARGEST));
    const second = new PlainHost(sampleAgent('counter'));
    for (const [key, value] of first.state.data) second.state.data.set(key, value);
    assert.deepEqual(ask(second, { action: 'get' }), { count: LARGEST });
  });

  it('counts any whole numbers exactly', () => {
    const amount = fc.integer({ min: -(2 ** 46), max: 2 ** 46 });
    fc.assert(
      fc.property(fc.array(amount, { maxLength: 20 }), (amounts) => {
        const host = new PlainHost(sampleAgent('counter'));
        let count = 0;
        for (const step of amounts) {
          count += step;
          assert.deepEqual(ask(host, { action: 'add', amount: step }), { count });
        }
      }),
    );
  });

  it('reads whole numbers in every notation of JSON and escaped names', () => {
    const host = new PlainHost(sampleAgent('counter'));
    const deliver = (content: string): unknown => {
      host.deliver(`{"performative":"request","sender":"c","content":${content}}`);
      return host.takeSent()[0]?.content;
    };
    assert.deepEqual(deliver('{"action":"add","amount":1.5e1}'), { count: 15 });
    assert.deepEqual(deliver('{"\\u0061ction":"\\u0061dd", "amount" : 10e-1 }'), { count: 16 });
    assert.deepEqual(deliver('{"action":"add","amount":-6.0}'), { count: 10 });
  });

  it('does not understand what is no action, and says why', () => {
    const host = new PlainHost(sampleAgent('counter'));
    for (const content of [null, 'add', [], {}, { action: 'multiply' }, { action: 1 }]) {
      assert.match(String(ask(host, content)), /action add, get or reset/);
    }
    for (const amount of [undefined, 1.5, '1', null, 1e16, [1]]) {
      assert.match(String(ask(host, { action: 'add', amount })), /amount must be a whole number/);
    }
    assert.match(String(ask(host, { action: 'get' }, 'query-ref')), /only requests/);
    assert.deepEqual(ask(host, { action: 'get' }), { count: 0 });
  });

  it('refuses to count past the largest exact number', () => {
    const host = new PlainHost(sampleAgent('counter'));
    ask(host, { action: 'add', amount: LARGEST });
    assert.match(String(ask(host, { action: 'add', amount: 1 })), /would pass/);
    assert.deepEqual(ask(host, { action: 'get' }), { count: LARGEST });
  });

  it('leaves answers unanswered', () => {
    const host = new PlainHost(sampleAgent('counter'));
    assert.equal(ask(host, { count: 1 }, 'inform'), undefined);
  });

  it('handles 100,000 messages in the memory that the first ones took', () => {
    const host = new PlainHost(sampleAgent('counter'));
    ask(host, { action: 'add', amount: 1 });
    const before = host.exports.memory.buffer.byteLength;
    const message = Buffer.from(
      '{"performative":"request","sender":"c","content":{"action":"add","amount":1}}',
    );
    for (let i = 0; i < 100_000; i++) {
      host.deliver(message);
      host.state.sent.length = 0;
    }
    assert.equal(host.exports.memory.buffer.byteLength, before);
    assert.deepEqual(ask(host, { action: 'get' }), { count: 100_001 });
  });
});
