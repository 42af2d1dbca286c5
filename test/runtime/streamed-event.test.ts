import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { newSubscriptionId } from '../../src/base/ids.js';
import { EventRecord, MessageCopy, type StreamedEvent } from '../../src/runtime/streamed-event.js';
import { anyMessage, anyText } from '../fipa/arbitrary-message.js';

function checkFor(event: StreamedEvent, id: string): void {
  const text = event.json(id);
  assert.equal(event.jsonBytes(id.length), Buffer.byteLength(text));
  assert.equal(Buffer.from(event.jsonFor(Buffer.from(id, 'latin1'))).toString(), text);
  assert.equal(JSON.parse(text).subscription_id, id);
}

test('the bytes of an event are its text, with the id of whoever gets it', () => {
  const record = fc
    .tuple(fc.nat(), anyText)
    .map(([sequence, name]) => new EventRecord('agent.deployed', sequence, 0, { name }));
  const copy = fc
    .tuple(fc.nat(), anyMessage)
    .map(([sequence, message]) => new MessageCopy(sequence, message));
  fc.assert(
    fc.property(fc.oneof<fc.Arbitrary<StreamedEvent>[]>(record, copy), (event) => {
      checkFor(event, newSubscriptionId());
      checkFor(event, newSubscriptionId());
      checkFor(event, 'another');
      checkFor(event, newSubscriptionId());
    }),
  );
});
