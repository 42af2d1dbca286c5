import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  findPostings,
  POSTING_GROUPS,
  PostingGroupWriter,
  postingGroupOf,
} from '../../src/store/posting-group.js';

const writer = new PostingGroupWriter();

function encodePostings(lists: ReadonlyArray<{ text: string; places: number[] }>): Buffer {
  writer.begin();
  for (const { text, places } of lists) {
    const bytes = Buffer.from(`<${text}>`);
    writer.value(bytes, 1, bytes.length - 1, places.length);
    for (const place of places) writer.place(place);
  }
  return writer.finish();
}

const texts = fc.uniqueArray(fc.string({ unit: 'grapheme', maxLength: 300 }), { maxLength: 50 });
const places = fc.uniqueArray(fc.integer({ min: 0, max: 65_535 }), { minLength: 1, maxLength: 40 });

test('every value is found in its group again, and no other', () => {
  fc.assert(
    fc.property(texts, fc.array(places, { minLength: 50, maxLength: 50 }), (values, lists) => {
      const group = values.map((text, i) => ({
        text,
        places: [...lists[i]!].sort((a, b) => a - b),
      }));
      const bytes = Buffer.from(encodePostings(group));
      for (const { text, places } of group) {
        assert.deepEqual([...findPostings(bytes, Buffer.from(text))!], places);
      }
      assert.equal(findPostings(bytes, Buffer.from('another value'.repeat(30))), undefined);
    }),
  );
});

test('a value that begins or ends like another is not taken for it', () => {
  const bytes = Buffer.from(encodePostings([{ text: 'conv_10', places: [7] }]));
  for (const text of ['conv_1', 'conv_100', 'onv_10', 'conv_11', '']) {
    assert.equal(findPostings(bytes, Buffer.from(text)), undefined);
  }
});

test('groups are those that are stored, and share ids evenly', () => {
  assert.deepEqual(['', 'client_001', 'conv_789'].map(postingGroupOf), [197, 160, 19]);
  const counts = new Map<number, number>();
  for (let i = 0; i < 25_600; i++) {
    const group = postingGroupOf(`conv_01M85VGSZPA3WM0QMQ5793${i}`);
    assert.ok(group >= 0 && group < POSTING_GROUPS);
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  assert.equal(counts.size, POSTING_GROUPS);
  assert.ok(Math.max(...counts.values()) < 200, 'none has twice its share');
});
