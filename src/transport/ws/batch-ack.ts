import { encodeMessagePack } from '../../fipa/message-pack.js';
import type { BatchAnswer } from './batch.js';

/** Of an id: a short text's type byte says its length. */
const FIXED_TEXT_BYTES_MAX = 31;
const FIXED_TEXT = 0xa0;

const COUNT_BYTES = 5;
const ARRAY_BYTES = 5;
const HEAD = Buffer.from([0x84, ...packed('type'), ...packed('ack'), ...packed('count')]);
const IDS = Buffer.from(packed('message_ids'));
const TAIL = Buffer.from([...packed('errors'), 0x90]);

/** The acknowledgement of a batch in MessagePack. */
export function encodeBatchAck(answer: BatchAnswer): Uint8Array {
  const { errors, ids, message_ids: messageIds } = answer;
  if (errors.length === 0 && ids === undefined) {
    const bytes = encodeIds(messageIds as string[]);
    if (bytes !== undefined) return bytes;
  }
  return encodeMessagePack({ type: 'ack', ...answer });
}

/** All were accepted, and the server's own ids are of one length, which is their separator. */
function encodeIds(messageIds: readonly string[]): Uint8Array | undefined {
  const length = messageIds[0]?.length ?? 0;
  if (length === 0 || length > FIXED_TEXT_BYTES_MAX) return undefined;
  const separator = String.fromCharCode(FIXED_TEXT | length);
  const text = separator + messageIds.join(separator);
  const count = messageIds.length;
  if (text.length !== count * (length + 1)) return undefined;
  const size = HEAD.length + COUNT_BYTES + IDS.length + ARRAY_BYTES + text.length + TAIL.length;
  const bytes = Buffer.allocUnsafe(size);
  let at = HEAD.copy(bytes);
  at = writeCount(bytes, at, count, COUNT_TYPES);
  at += IDS.copy(bytes, at);
  at = writeCount(bytes, at, count, ARRAY_TYPES);
  at += bytes.write(text, at, 'latin1');
  at += TAIL.copy(bytes, at);
  return bytes.subarray(0, at);
}

interface CountTypes {
  /** Up to this the type byte holds the count. */
  readonly fixedMax: number;
  readonly fixed: number;
  readonly ofTwoBytes: number;
}

const COUNT_TYPES: CountTypes = { fixedMax: 0x7f, fixed: 0, ofTwoBytes: 0xcd };
const ARRAY_TYPES: CountTypes = { fixedMax: 0x0f, fixed: 0x90, ofTwoBytes: 0xdc };

/** @param count at most 65,535 */
function writeCount(bytes: Buffer, at: number, count: number, types: CountTypes): number {
  if (count <= types.fixedMax) return bytes.writeUInt8(types.fixed | count, at);
  return bytes.writeUInt16BE(count, bytes.writeUInt8(types.ofTwoBytes, at));
}

function packed(text: string): number[] {
  return [FIXED_TEXT | text.length, ...Buffer.from(text, 'latin1')];
}
