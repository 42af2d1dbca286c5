import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FieldIndex } from '../../src/store/field-index.js';
import { findPostings, PostingGroupWriter, postingGroupOf } from '../../src/store/posting-group.js';
import { SEGMENT_MESSAGES } from '../../src/store/segment.js';

// One for all: what one segment had must not show in the next.
const index = new FieldIndex();
const writer = new PostingGroupWriter();

function groupsOf(values: readonly string[]): Map<number, Buffer> {
  index.clear();
  values.forEach((value, place) => {
    const bytes = Buffer.from(`<${value}>`);
    index.add(bytes, 1, bytes.length - 1, place);
  });
  const groups = new Map<number, Buffer>();
  index.write(writer, (group, bytes) => groups.set(group, Buffer.from(bytes)));
  return groups;
}

function check(values: readonly string[]): void {
  const groups = groupsOf(values);
  const expected = new Map<string, number[]>();
  values.forEach((value, place) => {
    if (value === '') return;
    expected.set(value, [...(expected.get(value) ?? []), place]);
  });
  for (const [value, places] of expected) {
    const group = groups.get(postingGroupOf(value));
    assert.ok(group, `no group of '${value}'`);
    assert.deepEqual([...(findPostings(group, Buffer.from(value)) ?? [])], places);
  }
  assert.equal(groups.size, new Set([...expected.keys()].map(postingGroupOf)).size);
}

test('each value is in its group, with the places of all messages that have it', () => {
  const value = fc.oneof(
    fc.constantFrom('', 'a', 'b', 'ab', 'ü', '世界', '😀', '\u0001', '\u007f'),
    fc.string({ unit: 'grapheme', maxLength: 300 }),
  );
  fc.assert(fc.property(fc.array(value, { maxLength: 200 }), check));
});

test('a full segment of values that all differ, or are all one, is indexed', () => {
  const places = Array.from({ length: SEGMENT_MESSAGES }, (_, i) => i);
  check(places.map((i) => `conv_01M85VGSZPA3WM0QMQ5793${i}`));
  check(places.map(() => 'x'.repeat(700)));
  check(places.map((i) => `agent-${i % 3}`));
});
