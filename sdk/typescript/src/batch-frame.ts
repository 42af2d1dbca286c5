import { Encoder } from '@msgpack/msgpack';
import type { DeliveryOptions } from './operation-types.js';

/** First bytes of the forms of MessagePack that a batch is put together from. */
const ARRAY_16 = 0xdc;
const MAP_1 = 0x81;
const MAP_2 = 0x82;
const UINT_32 = 0xce;
/** "id", with its length. */
const ID_KEY = Uint8Array.of(0xa2, 0x69, 0x64);
const BATCH_HEAD_BYTES = 3;
/** What the first message carries beside the others: by it the answer is known. */
const ID_BYTES = ID_KEY.length + 5;

const encoder = new Encoder({ ignoreUndefined: true });
const MESSAGE_KEY = encoder.encode('message');
const OPTIONS_KEY = encoder.encode('options');

/**
 * One message as the fields of a MessagePack map, whose first byte tells how many they are. It is
 * encoded when it is handed over, so that one which can't be encoded spoils no batch.
 */
export function encodeEntry(message: object, options: DeliveryOptions | undefined): Uint8Array {
  const content = encoder.encode(message);
  const delivery = options === undefined ? undefined : encoder.encode(options);
  const delivery_bytes = delivery === undefined ? 0 : OPTIONS_KEY.length + delivery.length;
  const entry = new Uint8Array(1 + MESSAGE_KEY.length + content.length + delivery_bytes);
  entry[0] = delivery === undefined ? MAP_1 : MAP_2;
  entry.set(MESSAGE_KEY, 1);
  entry.set(content, 1 + MESSAGE_KEY.length);
  if (delivery !== undefined) {
    entry.set(OPTIONS_KEY, entry.length - delivery_bytes);
    entry.set(delivery, entry.length - delivery.length);
  }
  return entry;
}

/** A batch of at most 65,535 entries; the first of them is given the batch's number as its id. */
export function batchFrame(
  batch: number,
  entries: ReadonlyArray<{ readonly bytes: Uint8Array }>,
): Uint8Array<ArrayBuffer> {
  let length = BATCH_HEAD_BYTES + ID_BYTES;
  for (const { bytes } of entries) length += bytes.length;
  const frame = new Uint8Array(length);
  const view = new DataView(frame.buffer);
  view.setUint8(0, ARRAY_16);
  view.setUint16(1, entries.length);
  let at = BATCH_HEAD_BYTES;
  entries.forEach(({ bytes }, index) => {
    if (index > 0) {
      frame.set(bytes, at);
      at += bytes.length;
      return;
    }
    // A map of one field more than it was.
    frame[at] = (bytes[0] as number) + 1;
    frame.set(ID_KEY, at + 1);
    view.setUint8(at + 1 + ID_KEY.length, UINT_32);
    view.setUint32(at + 2 + ID_KEY.length, batch);
    frame.set(bytes.subarray(1), at + 1 + ID_BYTES);
    at += bytes.length + ID_BYTES;
  });
  return frame;
}
