import type { PlainError } from '../base/errors.js';
import { decodeMessage } from '../fipa/binary.js';
import { damaged } from './damage.js';
import type { DeadLetter } from './store.js';

/** A stored dead letter: u32 length of the JSON, the JSON of this, then the binary message. */
interface DeadLetterInfo {
  readonly agentId: string;
  readonly error: PlainError;
  readonly failedMs: number;
}

export function encodeDeadLetter(
  message: Buffer,
  agentId: string,
  error: PlainError,
  failedMs: number,
): Buffer {
  const info: DeadLetterInfo = { agentId, error, failedMs };
  const json = Buffer.from(JSON.stringify(info), 'utf8');
  const length = Buffer.allocUnsafe(4);
  length.writeUInt32LE(json.length, 0);
  return Buffer.concat([length, json, message]);
}

export function decodeDeadLetter(value: Buffer): DeadLetter {
  try {
    const messageAt = 4 + value.readUInt32LE(0);
    const info = JSON.parse(value.toString('utf8', 4, messageAt)) as DeadLetterInfo;
    return { ...info, message: decodeMessage(value, messageAt) };
  } catch {
    throw damaged('a dead letter can’t be read');
  }
}
