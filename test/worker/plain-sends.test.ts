import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Message } from '../../src/fipa/message.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { WorkerHarness } from '../support/worker-harness.js';

let worker: WorkerHarness;
before(() => {
  worker = new WorkerHarness();
});
after(() => worker.close());

/** Sends a text for each message that comes. */
function install(text: string): Promise<number> {
  const guest = new GuestBuilder();
  return worker.install(guest.build(`(call ${guest.use('send_message')} ${guest.text(text)})`));
}

const OWN_ID = /^(msg|conv)_[0-9A-HJKMNP-TV-Z]{26}$/;

/** What is sent, without what differs each time. */
async function sentBy(slot: number, handled: object, changes: Partial<Message>) {
  const { effects } = await worker.handle(slot, handled, changes);
  const sent = effects.flatMap((effect) => (effect.kind === 'send' ? [effect.message] : []));
  assert.equal(sent.length, 1);
  const { message_id, timestamp, sender, conversation_id, ...rest } = sent[0]!;
  assert.match(message_id, OWN_ID);
  assert.ok(Math.abs(Date.parse(timestamp) - Date.now()) < 60_000);
  assert.equal(sender, `agent_${slot}`);
  const isNew = OWN_ID.test(conversation_id ?? '');
  return { ...rest, conversation_id: isNew ? 'new' : conversation_id };
}

const MESSAGES = [
  { performative: 'inform', receiver: 'tester' },
  { performative: 'accept_proposal', receiver: 'desk', content: { text: 'Grüße', n: [1, 2.5] } },
  { performative: 'inform', receiver: 'tester', conversation_id: 'conv_9', content: null },
  { performative: 'inform', receiver: 'tester', conversation_id: 'other', priority: 7 },
  { performative: 'inform', receiver: 'tester', in_reply_to: 'mine', traceparent: 'own' },
  { performative: 'refuse', receiver: 'someone', reply_with: 'r', reply_to: 'b', protocol: 'p' },
  { performative: 'inform', receiver: 'task_1', ontology: 'o', language: 'l', content: '"\\\n' },
];
const HANDLED: ReadonlyArray<readonly [object, Partial<Message>]> = [
  [{ conversation_id: 'conv_9', reply_with: 'tag', traceparent: 'tp' }, {}],
  [{ sender: 'someone', reply_to: 'desk' }, { messageId: 'msg_asked' }],
  [{ conversation_id: 'größe', reply_with: '世界', traceparent: 'ü' }, {}],
  [
    { sender: 'task_1', reply_to: 'tester' },
    { messageId: 'msg_asked', conversationId: '' },
  ],
];

test('plain messages and others come to the same', async () => {
  for (const message of MESSAGES) {
    const text = JSON.stringify(message);
    // A field that is no message's is passed over, and so is that its text isn't plain.
    const plain = await install(text);
    const spaced = await install(JSON.stringify(message, null, 1));
    const unusual = await install(text.replace('{', '{"x":1,'));
    for (const [handled, changes] of HANDLED) {
      const expected = await sentBy(unusual, handled, changes);
      assert.deepEqual(await sentBy(plain, handled, changes), expected, text);
      assert.deepEqual(await sentBy(spaced, handled, changes), expected, text);
    }
  }
});

test('a message that begins a conversation has one of its own each time', async () => {
  const slot = await install('{"performative":"inform","receiver":"other"}');
  const sequences = Array.from({ length: 200 }, () => worker.send(slot, {}));
  const ids: string[] = [];
  for (const sequence of sequences) {
    for (const effect of (await worker.handled(sequence)).effects) {
      if (effect.kind === 'send') {
        ids.push(effect.message.message_id, effect.message.conversation_id as string);
      }
    }
  }
  assert.equal(new Set(ids).size, 400);
  for (const id of ids) assert.match(id, OWN_ID);
});

test('white space takes no room of what a message may be', async () => {
  const guest = new GuestBuilder();
  const tail = '"receiver":"other","content":1}';
  const [start, space] = [200_000, 3_500_000];
  const slot = await worker.install(
    guest.build(`
      (drop (memory.grow (i32.const 64)))
      (memory.fill (i32.const ${start}) (i32.const 32) (i32.const ${space}))
      (memory.copy (i32.const ${start}) ${guest.text('{"performative":"inform",')})
      (memory.copy (i32.const ${start + space}) ${guest.text(tail)})
      (call ${guest.use('send_message')} (i32.const ${start}) (i32.const ${space + tail.length}))`),
  );
  const { effects } = await worker.handle(slot, {});
  assert.equal(effects.filter(({ kind }) => kind === 'send').length, 1);
});
