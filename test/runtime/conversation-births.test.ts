import assert from 'node:assert/strict';
import { test } from 'node:test';
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
  assert.ok(known > 0 && known <= 64);
});

test('hashes of ids that differ a little are spread evenly', () => {
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) counts[hashText(`order-${i}`) % 10]! += 1;
  for (const count of counts) assert.ok(count > 800 && count < 1_200, String(counts));
});
