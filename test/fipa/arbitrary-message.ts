import { encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.js';
import {
  CONTENT_JSON,
  CONTENT_MESSAGE_PACK,
  CONTENT_NONE,
  type Message,
} from '../../src/fipa/message.js';
import { PERFORMATIVES } from '../../src/fipa/performative.js';

/** Text of every script, as a client may write it: well-formed, up to 60 characters. */
export const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  fc.constantFrom('', 'ä', '€', '😀', '\u0000', '"\\\n', 'a'.repeat(60)),
);

/** Values that are the same in JSON and in MessagePack, whose decoder refuses one key. */
export const anyValue = fc
  .jsonValue({ maxDepth: 4 })
  .filter((value) => !JSON.stringify(value).includes('"__proto__":'));

const content = fc.oneof(
  fc.constant({ contentEncoding: CONTENT_NONE, content: '' as string | Uint8Array }),
  anyValue.map((value) => ({
    contentEncoding: CONTENT_JSON,
    content: JSON.stringify(value) as string | Uint8Array,
  })),
  anyValue.map((value) => ({
    contentEncoding: CONTENT_MESSAGE_PACK,
    content: encode(value) as string | Uint8Array,
  })),
);

const envelope = fc.record({
  messageId: anyText,
  performative: fc.constantFrom(...PERFORMATIVES),
  sender: anyText,
  receiver: anyText,
  conversationId: anyText,
  replyWith: anyText,
  inReplyTo: anyText,
  replyTo: anyText,
  ontology: anyText,
  language: anyText,
  protocol: anyText,
  traceparent: anyText,
  timestampUs: fc.integer({ min: 0, max: 4_000_000_000_000_000 }),
  replyByMs: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 4_000_000_000_000 })),
  priority: fc.integer({ min: 0, max: 9 }),
  hops: fc.nat(LIMITS.hops_max),
});

export const anyMessage: fc.Arbitrary<Message> = fc
  .tuple(envelope, content)
  .map(([fields, body]) => ({ ...fields, ...body }) as Message);
