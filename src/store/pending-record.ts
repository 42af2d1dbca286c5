import { numberOfKey } from './keys.js';
import type { PendingMessage } from './store.js';

/** A pending message as it is stored: u32 starts, u32 0, then the binary message. */
const HEADER_BYTES = 8;

export function encodePending({ starts, bytes }: Omit<PendingMessage, 'number'>): Buffer {
  const value = Buffer.alloc(HEADER_BYTES + bytes.length);
  value.writeUInt32LE(starts, 0);
  bytes.copy(value, HEADER_BYTES);
  return value;
}

export function decodePending(key: Uint8Array, value: Buffer): PendingMessage {
  return {
    number: numberOfKey(key),
    starts: value.readUInt32LE(0),
    bytes: Buffer.from(value.subarray(HEADER_BYTES)),
  };
}
