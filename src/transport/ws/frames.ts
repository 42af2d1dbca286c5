import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';
import Type, { type Static } from 'typebox';
import { inputError } from '../../api/input-error.js';
import { invalidRequest } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import { closest } from '../../base/suggest.js';

/** Frames that a client sends, as docs/websocket.md shows them. */

const NAMES_MAX = 1_000;

const name = Type.String({ minLength: 1, maxLength: LIMITS.field_bytes });
const names = Type.Array(name, { maxItems: NAMES_MAX });

/** Given back in the answer to the frame. */
const id = Type.Optional(
  Type.Unsafe<string | number>({ type: ['string', 'number'], maxLength: LIMITS.field_bytes }),
);
export type FrameId = string | number | undefined;

const strict = { additionalProperties: false };

const SubscribeFrame = Type.Object(
  {
    type: Type.Literal('subscribe'),
    id,
    filter: Type.Optional(
      Type.Object(
        {
          agents: Type.Optional(names),
          performatives: Type.Optional(Type.Array(name, { maxItems: 64 })),
          conversation_id: Type.Optional(name),
        },
        strict,
      ),
    ),
    events: Type.Optional(
      Type.Array(
        Type.String({
          pattern:
            '^(\\*|(agent|message|conversation|deployment|task|system)\\.(\\*|[a-z_]{1,64}))$',
          description:
            'a type such as agent.deployed, all of a kind such as agent.* (kinds: agent, message, conversation, deployment, task, system), or * for all',
        }),
        { maxItems: 64 },
      ),
    ),
    filters: Type.Optional(Type.Object({ agent_ids: Type.Optional(names) }, strict)),
    client_id: Type.Optional(name),
    on_overflow: Type.Optional(Type.Enum(['drop', 'close'])),
  },
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

const ajv = new Ajv2020({ strict: false, verbose: true });
const VALIDATORS = new Map<unknown, ValidateFunction>([
  ['subscribe', ajv.compile(SubscribeFrame)],
  ['unsubscribe', ajv.compile(UnsubscribeFrame)],
  ['send', ajv.compile(SendFrame)],
  ['ping', ajv.compile(PingFrame)],
]);
const TYPES = [...VALIDATORS.keys()] as string[];

/** @throws CaxtonError INVALID_REQUEST naming the field */
export function checkFrame(value: unknown): Frame {
  const type = isObject(value) ? value.type : undefined;
  const validate = VALIDATORS.get(type);
  if (validate === undefined) throw unknownType(value, type);
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
