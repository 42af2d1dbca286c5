import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeMessageToBuffer } from '../../src/fipa/binary.js';
import {
  CONTENT_JSON,
  emptyMessage,
  type Message,
  messageJsonText,
} from '../../src/fipa/message.js';
import { MessageJsonBytes } from '../../src/fipa/message-json-bytes.js';
import { anyMessage } from './arbitrary-message.js';

const json = new MessageJsonBytes();

test('its bytes are those of the message’s text, with what stands around it', () => {
  const around = fc.constantFrom('', '{"reply":', '}');
  fc.assert(
    fc.property(
      fc.array(anyMessage, { maxLength: 4 }),
      around,
      around,
      (messages, before, behind) => {
        for (const message of messages) {
          const source = Buffer.concat([Buffer.alloc(8), encodeMessageToBuffer(message)]);
          const bytes = json.write(before, source, 8, behind);
          assert.equal(bytes.toString(), before + messageJsonText(message) + behind);
        }
      },
    ),
  );
});

test('a large content is written whole, and so is a small one behind it', () => {
  for (const length of [20_000, 2_000_000, 5]) {
    const content = JSON.stringify('x'.repeat(length));
    const plain = { ...emptyMessage('inform'), sender: 'a', receiver: 'b', content };
    const message: Message = { ...plain, contentEncoding: CONTENT_JSON };
    const bytes = json.write('[', encodeMessageToBuffer(message), 0, ']');
    assert.equal(bytes.toString(), `[${messageJsonText(message)}]`);
  }
});
