import { invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { mayHoldHalfPairs, wellFormed } from '../../base/utf8.js';
import { decodeMessagePack, encodeMessagePack } from '../../fipa/message-pack.js';
import { messagePackArrayLength } from '../../fipa/message-pack-check.js';
import { parseJson } from '../parse-json.js';
import { checkBatchLength } from './batch.js';
import type { FrameId } from './frames.js';

/** The form of a frame: its answer comes in the same. */
export interface Codec {
  /** @param contentBytes the limit of a message's content @throws CaxtonError INVALID_REQUEST */
  decode(bytes: Buffer, contentBytes: number): unknown;
  encode(type: string, id: FrameId, fields: object): string | Uint8Array;
  /** An answer whose fields are JSON text already. */
  encodeJson(type: string, id: FrameId, fieldsJson: string): string | Uint8Array;
}

export const JSON_CODEC: Codec = {
  decode: (bytes, contentBytes) => parseJson(bytes, contentBytes, 'frame', 'The frame'),
  encode: (type, id, fields) => JSON.stringify({ type, id, ...fields }),
  encodeJson: (type, id, fieldsJson) =>
    id === undefined
      ? `{"type":"${type}",${fieldsJson.slice(1)}`
      : `{"type":"${type}","id":${JSON.stringify(id)},${fieldsJson.slice(1)}`,
};

export const MESSAGE_PACK_CODEC: Codec = {
  decode: (bytes) => {
    checkBatchLength(messagePackArrayLength(bytes));
    return decodeMessagePack(bytes, 'frame', 'The frame');
  },
  encode: (type, id, fields) => encodeMessagePack({ type, id, ...fields }),
  encodeJson: (type, id, fieldsJson) => {
    const fields: unknown = JSON.parse(fieldsJson);
    const packable = mayHoldHalfPairs(fieldsJson) ? wellFormed(fields) : fields;
    return encodeMessagePack({ type, id, ...(packable as object) });
  },
};

/**
 * MessagePack can carry what JSON has no form for; content that JSON can't show is refused.
 * @throws CaxtonError INVALID_REQUEST naming the path
 */
export function checkJsonValue(value: unknown, path: string, depth = 0): void {
  if (typeof value !== 'object' || value === null) {
    if (typeof value === 'number' && !Number.isFinite(value)) throw notJson(path, String(value));
    return;
  }
  if (depth > LIMITS.content_depth) {
    throw invalidRequest(`${path} is nested deeper than ${LIMITS.content_depth} levels.`, path, {
      limit: LIMITS.content_depth,
    });
  }
  if (Array.isArray(value)) {
    for (const item of value) checkJsonValue(item, path, depth + 1);
    return;
  }
  // MessagePack's binary data and times come as instances of classes.
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    throw notJson(path, value instanceof Uint8Array ? 'binary data' : 'an extension type');
  }
  for (const key in value) {
    checkJsonValue((value as Record<string, unknown>)[key], path, depth + 1);
  }
}

function notJson(path: string, what: string): Error {
  return invalidRequest(
    `${path} holds ${what}, which JSON has no form for; send it as text, such as base64.`,
    path,
  );
}
