import { ERROR_TABLE, type ErrorBody, type ErrorCode } from '../../base/errors.js';
import { COMMON_ERRORS, type Operation } from '../operation.js';
import type { JsonObject, Reference } from './schema-book.js';

/**
 * The body of an error answer with one of these codes. Whole each time: checkers that refuse what a
 * schema doesn't name look at each part of a composed one by itself.
 */
function errorSchema(codes: readonly ErrorCode[]): JsonObject {
  return {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['code', 'message', 'details', 'trace_id'],
        properties: {
          code: { type: 'string', enum: codes },
          message: {
            type: 'string',
            description: 'For people; names the field and how to mend it',
          },
          details: { type: 'object', description: 'For programs: field, limit, allowed, …' },
          trace_id: { type: 'string', description: 'By which the server’s log knows the request' },
        },
      },
    },
  };
}

/** Headers that come with all answers but 401, where rates are limited. */
export const RATE_HEADERS: JsonObject = Object.freeze({
  'X-RateLimit-Limit': { $ref: '#/components/headers/X-RateLimit-Limit' },
  'X-RateLimit-Remaining': { $ref: '#/components/headers/X-RateLimit-Remaining' },
  'X-RateLimit-Reset': { $ref: '#/components/headers/X-RateLimit-Reset' },
});

/** Every header that answers may have, for `components`. */
export const HEADERS: JsonObject = Object.freeze({
  'X-RateLimit-Limit': integerHeader('The rate: calls in its second or minute'),
  'X-RateLimit-Remaining': integerHeader('Calls that would be taken now'),
  'X-RateLimit-Reset': integerHeader('When all of the burst is there again, seconds since 1970'),
  'Retry-After': integerHeader('Seconds after which the same request may succeed'),
  'WWW-Authenticate': { description: 'The scheme, Bearer', schema: { type: 'string' } },
});

function integerHeader(description: string): JsonObject {
  return { description, schema: { type: 'integer' } };
}

/** The answers to refused requests: one for each set of codes that share a status. */
export class ErrorResponses {
  readonly #byName: JsonObject = {};

  /** For `components`. */
  get responses(): JsonObject {
    return this.#byName;
  }

  /** What an operation may be refused with, by status. */
  of(operation: Pick<Operation, 'errors'>): Record<string, Reference> {
    const codes = new Set([...COMMON_ERRORS, ...(operation.errors ?? [])]);
    const byStatus = new Map<number, ErrorCode[]>();
    // In the order of the table, so that one set of codes has one name.
    for (const code of Object.keys(ERROR_TABLE) as ErrorCode[]) {
      if (!codes.has(code)) continue;
      const { httpStatus } = ERROR_TABLE[code];
      byStatus.set(httpStatus, [...(byStatus.get(httpStatus) ?? []), code]);
    }
    const entries = [...byStatus].sort(([a], [b]) => a - b);
    return Object.fromEntries(
      entries.map(([status, some]) => [String(status), this.#define(status, some)]),
    );
  }

  #define(status: number, codes: readonly ErrorCode[]): Reference {
    const name = codes.join('_or_');
    this.#byName[name] ??= response(status, codes);
    return { $ref: `#/components/responses/${name}` };
  }
}

function response(status: number, codes: readonly ErrorCode[]): JsonObject {
  const meanings = codes.map((code) => `\`${code}\`: ${ERROR_TABLE[code].description}`);
  return {
    description: meanings.join('; '),
    headers: {
      ...(status === 401
        ? { 'WWW-Authenticate': { $ref: '#/components/headers/WWW-Authenticate' } }
        : RATE_HEADERS),
      ...(status === 429 || status === 503
        ? { 'Retry-After': { $ref: '#/components/headers/Retry-After' } }
        : {}),
    },
    content: {
      'application/json': {
        schema: errorSchema(codes),
        examples: Object.fromEntries(codes.map((code) => [code, { value: example(code) }])),
      },
    },
  };
}

function example(code: ErrorCode): ErrorBody {
  return {
    error: {
      code,
      message: `${ERROR_TABLE[code].description}.`,
      details: {},
      trace_id: '0af7651916cd43dd8448eb211c80319c',
    },
  };
}
