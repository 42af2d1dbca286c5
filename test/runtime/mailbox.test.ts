import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.js';
import { DispatchWindow, Mailbox } from '../../src/runtime/mailbox.js';
import { refusal } from '../support/runtime.js';

const bounds = { messages: 5, bytes: 100 };
const frame = (text: string): Buffer => Buffer.from(text);

function drain(mailbox: Mailbox): string[] {
  const texts: string[] = [];
  while (mailbox.waiting > 0) {
    const next = mailbox.peek();
    assert.equal(mailbox.shift(), next);
    texts.push(String(next));
  }
  return texts;
}

test('frames leave by priority, equal ones in the order of their arrival', () => {
  const entries = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 200 });
  fc.assert(
    fc.property(entries, (priorities) => {
      const mailbox = new Mailbox(bounds);
      const sent = priorities.map((priority, i) => ({ priority, text: `${i}` }));
      for (const { priority, text } of sent) mailbox.push(frame(text), priority);
      const expected = sent
        .map((one, i) => ({ ...one, i }))
        .sort((a, b) => b.priority - a.priority || a.i - b.i)
        .map((one) => one.text);
      assert.deepEqual(drain(mailbox), expected);
    }),
  );
});

test('frames that came back leave before all others, in the order in which they came back', () => {
  const mailbox = new Mailbox(bounds);
  mailbox.push(frame('new'), 9);
  mailbox.pushReturned(frame('first'));
  mailbox.pushReturned(frame('second'));
  assert.equal(String(mailbox.peek()), 'first');
  assert.deepEqual(drain(mailbox), ['first', 'second', 'new']);
});

test('puts and takes in any order keep first in, first out', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean(), { maxLength: 3_000 }), (steps) => {
      const mailbox = new Mailbox(bounds);
      let put = 0;
      let taken = 0;
      for (const isPut of steps) {
        if (isPut) mailbox.push(frame(`${put++}`), 0);
        else if (taken < put) assert.equal(String(mailbox.shift()), `${taken++}`);
        assert.equal(mailbox.waiting, put - taken);
      }
    }),
  );
  // Far enough for the array behind it to be cut.
  const mailbox = new Mailbox(bounds);
  for (let i = 0; i < 5_000; i++) mailbox.push(frame(`${i}`), 0);
  for (let i = 0; i < 5_000; i++) assert.equal(String(mailbox.shift()), `${i}`);
  assert.equal(mailbox.peek(), undefined);
});

test('room is counted over what waits, what came back and what is in the ring', () => {
  const mailbox = new Mailbox(bounds);
  mailbox.push(frame('a'), 0);
  mailbox.pushReturned(frame('b'));
  mailbox.inRing = 2;
  mailbox.checkRoom('agent_1', 1);
  mailbox.inRing = 3;
  assert.equal(mailbox.size, 5);
  assert.throws(
    () => mailbox.checkRoom('agent_1', 1),
    refusal('RESOURCE_LIMIT_EXCEEDED', {
      resource: 'mailbox',
      agent_id: 'agent_1',
      limit: 5,
      limit_bytes: undefined,
    }),
  );
});

test('bytes are bounded too, and come free when frames leave', () => {
  const mailbox = new Mailbox(bounds);
  mailbox.inRing = 1;
  mailbox.inRingBytes = 30;
  mailbox.push(frame('x'.repeat(40)), 0);
  mailbox.checkRoom('agent_1', 30);
  const details = { resource: 'mailbox', limit: undefined, limit_bytes: 100 };
  const full = refusal('RESOURCE_LIMIT_EXCEEDED', details);
  assert.throws(() => mailbox.checkRoom('agent_1', 31), full);
  mailbox.shift();
  mailbox.checkRoom('agent_1', 70);
  mailbox.pushReturned(frame('x'.repeat(40)));
  assert.throws(() => mailbox.checkRoom('agent_1', 31), refusal('RESOURCE_LIMIT_EXCEEDED'));
  mailbox.takeAll();
  mailbox.checkRoom('agent_1', 70);
});

test('a refusal names the bound that refused, its value and how to raise it, and not the other', () => {
  const byNumber = new Mailbox({ messages: 1, bytes: 100 });
  byNumber.push(frame('a'), 0);
  const byBytes = new Mailbox({ messages: 10, bytes: 100 });
  byBytes.push(frame('x'.repeat(60)), 0);
  const text = (mailbox: Mailbox): string => {
    try {
      mailbox.checkRoom('agent_1', 41);
    } catch (error) {
      return String(error);
    }
    return '';
  };
  assert.match(text(byNumber), /resources\.mailbox allows 1\./);
  assert.doesNotMatch(text(byNumber), /mailbox_bytes/);
  assert.match(
    text(byBytes),
    /60 bytes wait, one of 41 bytes .*limits\.mailbox_bytes allows 100\./,
  );
  assert.doesNotMatch(text(byBytes), /resources\.mailbox/);
});

test('everything that waits is taken at once in its order', () => {
  const mailbox = new Mailbox(bounds);
  for (const text of ['a', 'b', 'c']) mailbox.push(frame(text), 0);
  mailbox.shift();
  mailbox.pushReturned(frame('back'));
  assert.deepEqual(mailbox.takeAll().map(String), ['back', 'b', 'c']);
  assert.equal(mailbox.waiting, 0);
  assert.equal(mailbox.peek(), undefined);
});

test('the window holds about two milliseconds of work, at least one frame', () => {
  const window = new DispatchWindow();
  const first = window.frames;
  assert.ok(first >= 1 && first < 20, 'nothing is known of a new agent');
  for (let i = 0; i < 200; i++) window.observe(2);
  assert.ok(window.frames > 500 && window.frames <= LIMITS.dispatch_window_messages);
  // One slow message closes it at once; it opens again little by little.
  window.observe(50_000);
  assert.equal(window.frames, 1);
  for (let i = 0; i < 5; i++) window.observe(2);
  assert.equal(window.frames, 1);
  for (let i = 0; i < 200; i++) window.observe(2);
  assert.ok(window.frames > 500);
});

test('the window never exceeds its bound, however fast an agent is', () => {
  const window = new DispatchWindow();
  for (let i = 0; i < 500; i++) window.observe(0);
  assert.equal(window.frames, LIMITS.dispatch_window_messages);
});
