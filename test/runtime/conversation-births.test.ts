import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { firstIdOf } from '../../src/base/ids.js';
import { ConversationBirths, hashText } from '../../src/runtime/conversation-births.js';

test('a conversation that a client named is as old as its first message', () => {
  const births = new ConversationBirths(1_024);
  births.note('order-1', 1_000);
  births.note('order-1', 5_000);
  assert.equal(births.bornMs('order-1', 9_000), 1_000);
  assert.equal(births.bornMs('order-2', 9_000), 9_000);
});

test('the server’s own conversations have their time in their id', () => {
  const births = new ConversationBirths(2);
  const id = `conv_${firstIdOf(1_700_000_000_000)}`;
  births.note(id, 1_800_000_000_000);
  assert.equal(births.bornMs(id, 1_900_000_000_000), 1_700_000_000_000);
});

test('a table that is too small forgets, and takes none for another', () => {
  const births = new ConversationBirths(64);
  for (let i = 0; i < 5_000; i++) births.note(`c-${i}`, i);
  let known = 0;
  for (let i = 0; i < 5_000; i++) {
    const bornMs = births.bornMs(`c-${i}`, 99_999);
    if (bornMs === 99_999) continue;
    assert.equal(bornMs, i);
    known += 1;
  }
  assert.ok(known >= 64 && known <= 128);
});

test('the last conversations are remembered, however many came before and between', () => {
  const remembered = 64;
  fc.assert(
    fc.property(fc.array(fc.nat(300), { minLength: 500, maxLength: 2_000 }), (spoken) => {
      const births = new ConversationBirths(remembered);
      /** In the order in which they were spoken in last. */
      const began = new Map<number, number>();
      spoken.forEach((conversation, i) => {
        births.note(`c-${conversation}`, i);
        const recent = [...began.keys()].slice(-remembered);
        const bornMs = recent.includes(conversation)
          ? (began.get(conversation) as number)
          : births.bornMs(`c-${conversation}`);
        began.delete(conversation);
        began.set(conversation, bornMs);
        for (const each of [...began.keys()].slice(-remembered)) {
          assert.equal(births.bornMs(`c-${each}`, -1), began.get(each));
        }
      });
    }),
    { numRuns: 10 },
  );
});

test('ids whose hashes shared a place leave each other alone, as thirty thousand others do', () => {
  const births = new ConversationBirths();
  births.note('customer-1', 1_000);
  births.note('order-704792', 2_000);
  assert.equal(births.bornMs('customer-1', 9_000), 1_000);
  for (let i = 0; i < 400; i++) births.note(`live-${i}`, i);
  for (let i = 0; i < 30_000; i++) births.note(`other-${i}`, 5_000);
  for (let i = 0; i < 400; i++) assert.equal(births.bornMs(`live-${i}`, 9_000), i);
});

test('an id that only looks like the server’s own is as old as its first message', () => {
  for (const id of [
    'conv_7ZZZZZZZZZZZZZZZZZZZZZZZZZ',
    'conv_abcdefghijklmnopqrstuvwxyz',
    'conv_00000000000000000000000000',
    `conv_01JÀ${'0'.repeat(22)}`,
  ]) {
    const births = new ConversationBirths(64);
    births.note(id, 1_700_000_000_000);
    births.note(id, 1_800_000_000_000);
    assert.equal(births.bornMs(id, 1_900_000_000_000), 1_700_000_000_000, id);
    births.note('by the clock');
    assert.equal(births.bornMs(id), 1_700_000_000_000, id);
  }
});

test('a time to come in an id means nothing when it has come either', () => {
  const births = new ConversationBirths(64);
  const id = `conv_${firstIdOf(1_700_000_005_000)}`;
  births.note(id, 1_700_000_000_000);
  births.note(id, 1_700_000_010_000);
  assert.equal(births.bornMs(id, 1_700_000_010_000), 1_700_000_000_000);
});

test('what is recalled from the newest message on begins with the oldest', () => {
  const births = new ConversationBirths(2);
  const own = `conv_${firstIdOf(1_700_000_000_000)}`;
  for (const [id, atMs] of [
    ['a', 30],
    [own, 1_700_000_000_001],
    ['b', 20],
    ['a', 10],
  ] as const) {
    assert.ok(!births.full || id === 'a');
    births.recall(id, atMs);
  }
  assert.ok(births.full);
  births.note('a', 99);
  assert.equal(births.bornMs('a', 99), 10);
  assert.equal(births.bornMs('b', 99), 20);
  assert.equal(births.bornMs(own, 1_800_000_000_000), 1_700_000_000_000);
});

test('hashes of ids that differ a little are spread evenly', () => {
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) counts[hashText(`order-${i}`) % 10]! += 1;
  for (const count of counts) assert.ok(count > 800 && count < 1_200, String(counts));
});

test('an id noted by its bytes is noted as by its text', () => {
  const ids = [
    'order-1',
    'ördnung',
    '',
    `conv_${firstIdOf(1_700_000_000_000)}`,
    `conv_${'Z'.repeat(26)}`,
  ];
  const [byText, byBytes] = [new ConversationBirths(1_024), new ConversationBirths(1_024)];
  for (const id of ids) {
    byText.note(id);
    const bytes = Buffer.from(`--${id}--`);
    byBytes.noteEncoded(bytes, 2, bytes.length - 4);
  }
  for (const id of ids) {
    const [one, other] = [byText.bornMs(id, 1), byBytes.bornMs(id, 1)];
    assert.ok(Math.abs(one - other) < 1_000, id);
  }
});
