import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import fc from 'fast-check';
import { type SampleAgent, sampleAgent } from '../support/guests.js';
import { PlainHost } from '../support/plain-host.js';
import { hasToolchain } from '../support/toolchains.js';

const MEMORY_BOUND_BYTES = 8 * 1024 * 1024;

/** Contents as JSON text, because the echo must not change so much as a space. */
const TRICKY_CONTENTS = [
  'null',
  'true',
  '""',
  '{}',
  '[]',
  '{"text":"hi"}',
  '  [ 1 , 2 ]',
  '"\\""',
  '"\\\\"',
  '"ends with a backslash \\\\\\\\"',
  '{"a":"\\\\","b":"\\"}"}',
  '"\\u0022}]\\ud83d\\ude00"',
  '"brackets in a string ]}]}{[{["',
  '{"sender":"not the sender","content":{"sender":1},"performative":"inform"}',
  '"grüße, 世界, 😀"',
  '12345678901234567890.123e+45',
  '-0',
  '[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["deep"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]',
  '[{"a":[{}]},{"b":"]"},[[],{}],"\\\\\\"[",1]',
];

function received(contentText: string | undefined, performative = 'request'): string {
  const content = contentText === undefined ? '' : `,"content":${contentText}`;
  return (
    `{"message_id":"msg_01","performative":"${performative}","sender":"cli\\"ent [1]",` +
    `"receiver":"echo","conversation_id":"c {1}"${content},"timestamp":"2024-01-15T10:30:00.123Z"}`
  );
}

function reply(contentText: string): string {
  return `{"performative":"inform","receiver":"cli\\"ent [1]","content":${contentText}}`;
}

function sentText(host: PlainHost): string {
  return host.state.sent
    .splice(0)
    .map((bytes) => Buffer.from(bytes).toString())
    .join('\n');
}

function describeEcho(name: SampleAgent, available: (context: TestContext) => boolean): void {
  describe(`the ${name} agent`, () => {
    it('answers the sender with the content byte for byte', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      for (const content of TRICKY_CONTENTS) {
        assert.equal(host.deliver(received(content)), 0);
        assert.equal(sentText(host), reply(content.trim()));
      }
    });

    it('answers any JSON with the same JSON', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      const anyText = fc.string({ unit: 'grapheme', minLength: 1 });
      fc.assert(
        fc.property(fc.jsonValue({ stringUnit: 'grapheme' }), anyText, (content, sender) => {
          const message = { sender, performative: 'cfp', content, receiver: name };
          assert.equal(host.deliver(JSON.stringify(message, undefined, 1)), 0);
          const [answer] = host.takeSent();
          assert.deepEqual(answer?.receiver, sender);
          assert.equal(JSON.stringify(answer?.content), JSON.stringify(content));
        }),
      );
    });

    it('finds the end of content full of escapes, quotes and brackets at every offset', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      const hard = fc.string({ unit: fc.constantFrom('\\', '"', '[', ']', '{', '}', 'x', '\n') });
      const content = fc.oneof(hard, fc.array(hard), fc.array(fc.dictionary(hard, fc.array(hard))));
      fc.assert(
        fc.property(content, fc.nat(40), (value, offset) => {
          const message = { sender: 's'.repeat(offset), performative: 'request', content: value };
          assert.equal(host.deliver(message), 0);
          assert.equal(JSON.stringify(host.takeSent()[0]?.content), JSON.stringify(value));
        }),
        { numRuns: 1_000 },
      );
    });

    it('finds the fields in any order', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      host.deliver('{"content":{"sender":"x"},"sender":"a","performative":"request"}');
      assert.equal(
        sentText(host),
        '{"performative":"inform","receiver":"a","content":{"sender":"x"}}',
      );
    });

    it('answers a message without content with none', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      assert.equal(host.deliver(received(undefined)), 0);
      assert.equal(sentText(host), '{"performative":"inform","receiver":"cli\\"ent [1]"}');
    });

    it('leaves answers unanswered, so that two echoes fall silent', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      for (const act of ['inform', 'failure', 'not-understood', 'refuse', 'agree']) {
        assert.equal(host.deliver(received('{"text":"hi"}', act)), 0);
      }
      assert.equal(sentText(host), '');
      host.deliver(received('1', 'query-ref'));
      assert.equal(sentText(host), reply('1'));
    });

    it('fails a message that has no sender', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      for (const broken of ['{}', '', '[', '{"performative":"request"}', '{"sender":"a"']) {
        assert.notEqual(host.deliver(broken), 0);
      }
    });

    it('ends on truncated messages and sends nothing beyond them', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      const whole = received('{"a":["\\\\",{"b":"]"}]}');
      for (let length = 0; length < whole.length; length++) host.deliver(whole.slice(0, length));
      const longest = Math.max(...host.state.sent.map((bytes) => bytes.length));
      assert.ok(longest <= whole.length);
    });

    it('handles 100,000 messages in the memory that the first ones took', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      host.deliver(received(JSON.stringify('x'.repeat(100_000))));
      const before = host.exports.memory.buffer.byteLength;
      for (let i = 0; i < 100_000; i++) {
        host.deliver(`{"performative":"request","sender":"s${i}","content":{"n":${i}}}`);
        host.state.sent.length = 0;
      }
      assert.equal(host.exports.memory.buffer.byteLength, before);
    });

    it('echoes a megabyte in bounded memory and refuses what no memory can hold', (context) => {
      if (!available(context)) return;
      const host = new PlainHost(sampleAgent(name));
      const content = JSON.stringify(Array.from({ length: 50_000 }, (_, i) => ['', { i }]));
      for (let i = 0; i < 5; i++) {
        assert.equal(host.deliver(received(content)), 0);
        assert.equal(sentText(host), reply(content));
      }
      assert.ok(host.exports.memory.buffer.byteLength < MEMORY_BOUND_BYTES);
      assert.equal(host.exports.caxton_alloc(-1), 0);
      assert.equal(host.exports.caxton_alloc(0x7fff_ffff), 0);
    });
  });
}

describeEcho('echo', () => true);
describeEcho('echo-c', (context) => hasToolchain(context, 'wasm-clang'));
