import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decode as decodePack, encode as encodePack } from '@msgpack/msgpack';
import { LIMITS } from '../../src/base/limits.js';
import { OUTCOME_FAILED, OUTCOME_OK } from '../../src/wire/frames.js';
import { GuestBuilder } from '../support/guest-builder.js';
import type { Effect } from '../support/reply-frames.js';
import { type Handled, WorkerHarness } from '../support/worker-harness.js';

let worker: WorkerHarness;
before(() => {
  worker = new WorkerHarness();
});
after(() => worker.close());

type Sent = Extract<Effect, { kind: 'send' }>['message'];

function onlySent(handled: Handled): Sent {
  assert.equal(handled.done.outcome, OUTCOME_OK, JSON.stringify(handled.done.error));
  const sent = handled.effects.filter((effect) => effect.kind === 'send');
  assert.equal(sent.length, 1);
  return sent[0]!.message;
}

/** Sends back what it was given: a message as it came is one that can be sent. */
function mirror(encoding = 0): string {
  const guest = new GuestBuilder();
  guest.export('caxton_encoding', `(i32.const ${encoding})`, '(result i32)');
  return guest.build(`(call ${guest.use('send_message')} (local.get $ptr) (local.get $len))`);
}

/** Sends one fixed message for each that comes. */
function sender(message: unknown): string {
  const guest = new GuestBuilder();
  return guest.build(`(call ${guest.use('send_message')} ${guest.json(message)})`);
}

function logsOf(handled: Handled): string[] {
  return handled.effects.flatMap((effect) => (effect.kind === 'log' ? [effect.text] : []));
}

/** Logs the bytes of the message it was given. */
function reader(encoding = 0): string {
  const guest = new GuestBuilder();
  guest.export('caxton_encoding', `(i32.const ${encoding})`, '(result i32)');
  const log = guest.use('console_log');
  return guest.build(`(call ${log} (local.get $ptr) (local.get $len)) (i32.const 0)`);
}

test('a message reaches a JSON agent with every field of the API', async () => {
  const slot = await worker.install(reader());
  const handled = await worker.handle(slot, {
    performative: 'query_ref',
    sender: 'client "1" ü',
    content: { text: 'grüße "x"\\', n: [1, null, true] },
    conversation_id: 'conv_1',
    reply_with: 'r1',
    in_reply_to: 'r0',
    reply_to: 'desk',
    ontology: 'o',
    language: 'l',
    protocol: 'fipa-query',
    reply_by: '2030-01-31T12:00:00.000Z',
    priority: 3,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
  const message = JSON.parse(logsOf(handled)[0]!);
  assert.match(message.message_id, /^msg_/);
  assert.match(message.timestamp, /^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  delete message.message_id;
  delete message.timestamp;
  assert.deepEqual(message, {
    performative: 'query-ref',
    sender: 'client "1" ü',
    receiver: `agent_${slot}`,
    content: { text: 'grüße "x"\\', n: [1, null, true] },
    conversation_id: 'conv_1',
    reply_with: 'r1',
    in_reply_to: 'r0',
    reply_to: 'desk',
    ontology: 'o',
    language: 'l',
    protocol: 'fipa-query',
    reply_by: '2030-01-31T12:00:00.000Z',
    priority: 3,
    traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  });
});

test('a message without content has no content field, plain or not', async () => {
  const slot = await worker.install(reader());
  for (const from of ['tester', 'ünïcode']) {
    const message = JSON.parse(logsOf(await worker.handle(slot, { sender: from }))[0]!);
    assert.equal(message.sender, from);
    assert.equal('content' in message, false);
  }
});

test('content of every JSON kind comes back as it was sent, in both encodings', async () => {
  const contents = [null, true, 0, -1.5, 1e300, '', 'ü€😀', [], {}, [[[1]]], { a: { b: [2] } }];
  for (const encoding of [0, 1]) {
    const slot = await worker.install(mirror(encoding));
    for (const content of contents) {
      assert.deepEqual(onlySent(await worker.handle(slot, { content })).content, content);
    }
  }
});

test('an agent that says MessagePack gets a map and sends one', async () => {
  const slot = await worker.install(reader(1));
  const bytes = encodePack({ performative: 'inform', receiver: 'client', content: { x: 1 } });
  const guest = new GuestBuilder();
  guest.export('caxton_encoding', '(i32.const 1)', '(result i32)');
  const sending = await worker.install(
    guest.build(`(call ${guest.use('send_message')} ${guest.text(bytes)})`),
  );
  const text = logsOf(await worker.handle(slot, { content: 7 }))[0]!;
  // A fixed map of 8 entries, of which the first key is message_id, seen through UTF-8.
  assert.ok(text.slice(1).startsWith('\ufffdmessage_id'), text);
  assert.deepEqual(onlySent(await worker.handle(sending, {})).content, { x: 1 });
  assert.equal(decodePack(encodePack(1)), 1);
});

test('content deeper than a MessagePack library goes by default still reaches the agent', async () => {
  const slot = await worker.install(mirror(1));
  let content: unknown = 1;
  for (let i = 0; i < 120; i++) content = [content];
  assert.deepEqual(onlySent(await worker.handle(slot, { content })).content, content);
});

test('content that can’t be put into the agent’s encoding fails alone', async () => {
  const slot = await worker.install(mirror(1));
  const content = `${'['.repeat(5_000)}${']'.repeat(5_000)}`;
  const { done } = await worker.handle(slot, {}, { contentEncoding: 1, content });
  assert.equal(done.outcome, OUTCOME_FAILED);
  assert.equal(done.error?.details.field, 'content');
  assert.equal(onlySent(await worker.handle(slot, { content: 1 })).content, 1);
});

test('content in MessagePack on the way is JSON for a JSON agent', async () => {
  const slot = await worker.install(mirror());
  const packed = encodePack({ a: [1, 'ü'] });
  const handled = await worker.handle(slot, {}, { contentEncoding: 2, content: packed });
  assert.deepEqual(onlySent(handled).content, { a: [1, 'ü'] });
});

test('content up to the limit passes, and one byte more is refused to the sending agent', async () => {
  const slot = await worker.install(mirror());
  const content = 'x'.repeat(LIMITS.content_bytes - 2);
  assert.equal(onlySent(await worker.handle(slot, { content })).content, content);
  const refused = await worker.handle(slot, { content: `${content}x` });
  assert.equal(refused.done.error?.details.agent_code, -3);
});

test('a message that the memory has no room for fails and names memory', async () => {
  const slot = await worker.install(mirror(), { memoryMaxBytes: 2 * 65_536 });
  const handled = await worker.handle(slot, { content: 'x'.repeat(200_000) });
  assert.equal(handled.done.outcome, OUTCOME_FAILED);
  assert.equal(handled.done.error?.code, 'RESOURCE_LIMIT_EXCEEDED');
  assert.equal(handled.done.error?.details.resource, 'memory');
  assert.equal(handled.done.error?.details.limit, 131_072);
  assert.equal((await worker.handle(slot, { content: 1 })).done.outcome, OUTCOME_OK);
});

test('the host says who sends, whatever the message claims', async () => {
  const slot = await worker.install(
    sender({ performative: 'inform', sender: 'admin', receiver: 'x', message_id: 'forged' }),
  );
  const sent = onlySent(await worker.handle(slot, {}));
  assert.equal(sent.sender, `agent_${slot}`);
  assert.match(sent.message_id, /^msg_[0-9A-Z]{26}$/);
  assert.match(sent.conversation_id!, /^conv_/);
  assert.equal(sent.in_reply_to, undefined);
});

test('an answer is put into the conversation it belongs to', async () => {
  const slot = await worker.install(sender({ performative: 'inform', receiver: 'tester' }));
  const withTag = onlySent(
    await worker.handle(slot, { conversation_id: 'conv_9', reply_with: 'tag', traceparent: 'tp' }),
  );
  assert.equal(withTag.conversation_id, 'conv_9');
  assert.equal(withTag.in_reply_to, 'tag');
  assert.equal(withTag.traceparent, 'tp');
  const withoutTag = onlySent(await worker.handle(slot, {}, { messageId: 'msg_asked' }));
  assert.equal(withoutTag.in_reply_to, 'msg_asked');
  const toDesk = onlySent(
    await worker.handle(slot, { sender: 'someone', reply_to: 'tester', reply_with: 'tag2' }),
  );
  assert.equal(toDesk.in_reply_to, 'tag2');
  const unrelated = onlySent(await worker.handle(slot, { sender: 'other', reply_with: 'tag3' }));
  assert.equal(unrelated.in_reply_to, undefined);
  assert.notEqual(unrelated.conversation_id, 'conv_test');
});

test('what the agent set itself stays', async () => {
  const slot = await worker.install(
    sender({ performative: 'inform', receiver: 'tester', in_reply_to: 'mine', traceparent: 'own' }),
  );
  const sent = onlySent(await worker.handle(slot, { reply_with: 'tag', traceparent: 'tp' }));
  assert.equal(sent.in_reply_to, 'mine');
  assert.equal(sent.traceparent, 'own');
  assert.equal(sent.conversation_id, 'conv_test');
  const other = await worker.install(
    sender({ performative: 'inform', receiver: 'tester', conversation_id: 'conv_own' }),
  );
  const apart = onlySent(await worker.handle(other, { reply_with: 'tag' }));
  assert.equal(apart.conversation_id, 'conv_own');
  assert.equal(apart.in_reply_to, undefined);
});

const VALID = '{"performative":"inform","receiver":"x","content":"<?>"}';

/** Puts two bytes that no text holds into the content. */
function noText(message: Uint8Array): Uint8Array {
  const bytes = Buffer.from(message);
  bytes.set([0xff, 0xfe], bytes.indexOf('<'));
  return bytes;
}

const REFUSED: ReadonlyArray<readonly [string, string | Uint8Array, number]> = [
  ['no JSON', 'nonsense', 0],
  ['not an object', '[1]', 0],
  ['no receiver', '{"performative":"inform"}', 0],
  ['an unknown performative', '{"performative":"shout","receiver":"x"}', 0],
  ['JSON nested too deep', `{"content":${'['.repeat(2_000)}${']'.repeat(2_000)}}`, 0],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0xff, 0xfe]), 0],
  ['text that is no UTF-8', noText(Buffer.from(VALID)), 0],
  ['MessagePack text that is no UTF-8', noText(encodePack(JSON.parse(VALID))), 1],
  ['nothing at all', '', 0],
  ['MessagePack cut short', encodePack({ performative: 'inform' }).subarray(0, 8), 1],
  ['MessagePack that claims four billion elements', new Uint8Array([0xdd, 255, 255, 255, 255]), 1],
  ['MessagePack with bytes behind it', new Uint8Array([0x80, 0x80]), 1],
  ['MessagePack with binary content', encodePack({ content: new Uint8Array(3) }), 1],
  ['an unused MessagePack type', new Uint8Array([0xc1]), 1],
];

for (const [what, bytes, encoding] of REFUSED) {
  test(`${what} is refused as an invalid argument`, async () => {
    const guest = new GuestBuilder();
    guest.export('caxton_encoding', `(i32.const ${encoding})`, '(result i32)');
    const slot = await worker.install(
      guest.build(`(call ${guest.use('send_message')} ${guest.text(bytes)})`),
    );
    const { done, effects } = await worker.handle(slot, {});
    assert.equal(done.error?.details.agent_code, -2);
    assert.deepEqual(effects, []);
  });
}
