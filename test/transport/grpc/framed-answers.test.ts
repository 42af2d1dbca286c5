import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FramedAnswers } from '../../../src/transport/grpc/framed-answers.js';

/** Messages of a stream's bytes: a flag and the length in four bytes before each. */
function messagesOf(stream: Buffer): string[] {
  const messages: string[] = [];
  for (let at = 0; at < stream.length; ) {
    assert.equal(stream[at], 0);
    const end = at + 5 + stream.readUInt32BE(at + 1);
    messages.push(stream.toString('latin1', at + 5, end));
    at = end;
  }
  return messages;
}

test('answers of one write are told apart by their own lengths', () => {
  const texts = ['first', '', 'a longer one', 'x'.repeat(300)];
  const framed = new FramedAnswers(texts.map((text) => Buffer.from(text)));
  // As grpc-js does it with what a serializer gives.
  const output = Buffer.alloc(framed.byteLength + 5, 0xff);
  output.writeUInt8(0, 0);
  output.writeUInt32BE(framed.byteLength, 1);
  framed.copy(output, 5);
  assert.deepEqual(messagesOf(output), texts);
});
