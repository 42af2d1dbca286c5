import type { ErrorObject } from 'ajv/dist/2020.js';
import Type, { type Static } from 'typebox';
import { inputError } from '../../api/input-error.js';
import { SubscribeInput } from '../../api/operations/events.js';
import { invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { closest } from '../../base/suggest.js';
import { type LazyValidator, lazyValidator } from '../../base/validators.js';

/** Frames that a client sends, as docs/websocket.md shows them. */

const name = Type.String({ minLength: 1, maxLength: LIMITS.field_bytes });

/** Given back in the answer to the frame. */
const id = Type.Optional(
  Type.Unsafe<string | number>({ type: ['string', 'number'], maxLength: LIMITS.field_bytes }),
);
export type FrameId = string | number | undefined;

const strict = { additionalProperties: false };

const SubscribeFrame = Type.Object(
  { type: Type.Literal('subscribe'), id, ...SubscribeInput.properties },
  strict,
);
export type SubscribeFrame = Static<typeof SubscribeFrame>;

const UnsubscribeFrame = Type.Object(
  { type: Type.Literal('unsubscribe'), id, subscription_id: name },
  strict,
);
export type UnsubscribeFrame = Static<typeof UnsubscribeFrame>;

/** The message and what belongs to its delivery are checked by the operation. */
const SendFrame = Type.Object(
  {
    type: Type.Literal('send'),
    id,
    message: Type.Unknown(),
    options: Type.Optional(Type.Unknown()),
    wait: Type.Optional(Type.Unknown()),
    timeout_ms: Type.Optional(Type.Unknown()),
    until: Type.Optional(Type.Unknown()),
  },
  strict,
);
export type SendFrame = Static<typeof SendFrame>;

const PingFrame = Type.Object({ type: Type.Literal('ping'), id }, strict);
export type PingFrame = Static<typeof PingFrame>;

export type Frame = SubscribeFrame | UnsubscribeFrame | SendFrame | PingFrame;

/** By type. */
export const FRAME_SCHEMAS = Object.freeze({
  subscribe: SubscribeFrame,
  unsubscribe: UnsubscribeFrame,
  send: SendFrame,
  ping: PingFrame,
});

const TYPES = Object.keys(FRAME_SCHEMAS);
const VALIDATORS = new Map<unknown, LazyValidator>(
  TYPES.map((type) => [type, lazyValidator('frames', type)]),
);

/** @throws CaxtonError INVALID_REQUEST naming the field */
export function checkFrame(value: unknown): Frame {
  const type = isObject(value) ? value.type : undefined;
  const validator = VALIDATORS.get(type);
  if (validator === undefined) throw unknownType(value, type);
  const validate = validator();
  if (validate(value)) return value as Frame;
  throw inputError((validate.errors as ErrorObject[])[0]!);
}

/** The frame's id, where it has one, for answers to frames that can't be understood. */
export function frameId(value: unknown): FrameId {
  const given = isObject(value) ? value.id : undefined;
  return typeof given === 'string' || typeof given === 'number' ? given : undefined;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknownType(value: unknown, type: unknown): Error {
  if (!isObject(value)) {
    return invalidRequest('A frame must be a JSON object with a type.', 'type', { allowed: TYPES });
  }
  const meant = typeof type === 'string' ? closest(type, TYPES) : undefined;
  const mend = meant === undefined ? '' : ` Did you mean ${meant}?`;
  return invalidRequest(`type must be one of ${TYPES.join(', ')}.${mend}`, 'type', {
    allowed: TYPES,
  });
}
