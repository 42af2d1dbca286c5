import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import { CONTENT_JSON, emptyMessage, type Message } from '../../src/fipa/message.js';
import { MessageLog } from '../../src/runtime/message-log.js';

function message(number: number, contentBytes: number): Message {
  return {
    ...emptyMessage('inform'),
    messageId: `msg_${number}`,
    timestampUs: Math.floor(number / 2),
    contentEncoding: CONTENT_JSON,
    content: JSON.stringify('x'.repeat(contentBytes)),
  };
}

function readAll(log: MessageLog, from: number): Message[] {
  const messages: Message[] = [];
  let kept = log.after(from);
  while (kept !== undefined) {
    messages.push(log.withContent(kept));
    kept = log.after(kept.sequence);
  }
  return messages;
}

test('the log holds the last messages whole, and says behind which number it is complete', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 12 }),
      fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 60 }),
      (messages, sizes) => {
        const log = new MessageLog({ messages, bytes: 1_000 });
        log.start(9);
        const written = sizes.map((size, i) => message(i, size));
        written.forEach((each, i) => {
          log.append(10 + 3 * i, encodeMessageToBuffer(each), 0);
        });
        const complete = written.filter((_, i) => 10 + 3 * i > log.floor);
        assert.ok(complete.length >= 1 && complete.length <= messages);
        assert.deepEqual(
          readAll(log, 0).map(({ messageId, content }) => [messageId, content]),
          complete.map(({ messageId, content }) => [messageId, content]),
        );
        for (const [i, each] of written.entries()) {
          const found = 10 + 3 * i > log.floor ? 10 + 3 * i : undefined;
          assert.equal(log.find(each), found);
        }
      },
    ),
  );
});

test('a log that is full keeps as many as it may', () => {
  const log = new MessageLog({ messages: 4, bytes: 100_000 });
  log.start(0);
  for (let i = 1; i <= 10; i++) log.append(i, encodeMessageToBuffer(message(i, 10)), 0);
  assert.deepEqual(
    readAll(log, 8).map(({ messageId }) => messageId),
    ['msg_9', 'msg_10'],
  );
  assert.equal(readAll(log, 0).length, 4);
  assert.equal(log.floor, 6);
});

test('a log that is stopped holds nothing and knows it', () => {
  const log = new MessageLog({ messages: 4, bytes: 1_000 });
  assert.equal(log.floor, Number.POSITIVE_INFINITY);
  log.start(5);
  log.append(6, encodeMessageToBuffer(message(1, 1)), 0);
  log.stop();
  assert.equal(log.after(0), undefined);
  assert.equal(log.floor, Number.POSITIVE_INFINITY);
  log.append(7, encodeMessageToBuffer(message(2, 1)), 0);
  log.start(8);
  assert.equal(log.after(0), undefined);
  assert.equal(log.floor, 8);
});
