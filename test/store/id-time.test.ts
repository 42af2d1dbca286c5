import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newMessageId, sortableId } from '../../src/base/ids.js';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { emptyMessage } from '../../src/fipa/message.js';
import { encodedIdTimeUs, idTimeUs } from '../../src/store/id-time.js';

function encodedTime(messageId: string): number | undefined {
  const bytes = encodeMessageToBuffer({ ...emptyMessage('inform'), messageId });
  return encodedIdTimeUs(Buffer.concat([Buffer.alloc(5), bytes]), 5);
}

test('the time of an id is the same from its text and from its bytes', () => {
  const own = fc.integer({ min: 0, max: 4_000_000_000_000 }).map((ms) => `msg_${sortableId(ms)}`);
  const changed = fc
    .tuple(fc.nat(29), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }))
    .map(([at, character]) => {
      const id = newMessageId();
      return id.slice(0, at) + character + id.slice(at + 1);
    });
  fc.assert(
    fc.property(fc.oneof(own, changed, fc.string({ maxLength: 40 })), (id) => {
      assert.equal(encodedTime(id), idTimeUs(id));
    }),
    { numRuns: 2_000 },
  );
  assert.notEqual(encodedTime(newMessageId()), undefined);
});
