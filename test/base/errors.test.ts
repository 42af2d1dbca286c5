import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  agentNotFound,
  CaxtonError,
  ERROR_TABLE,
  type ErrorCode,
  fromPlainError,
  invalidRequest,
  toCaxtonError,
  toPlainError,
} from '../../src/base/errors.js';

const CODES = Object.keys(ERROR_TABLE) as ErrorCode[];

test('an error has the statuses of its code', () => {
  for (const code of CODES) {
    const error = new CaxtonError(code, 'x');
    assert.equal(error.httpStatus, ERROR_TABLE[code].httpStatus);
    assert.equal(error.grpcStatus, ERROR_TABLE[code].grpcStatus);
    assert.equal(error.retryable, ERROR_TABLE[code].retryable);
  }
});

test('an error does not tell a token that stood in the place of a name', () => {
  const token = `cxt_${'Ab-_9'.repeat(9)}`;
  const { message, details } = agentNotFound(token);
  assert.equal(message, "Agent with ID 'cxt_***' not found");
  assert.equal(details.agent_id, 'cxt_***');
  assert.equal(agentNotFound('cxt_short').details.agent_id, 'cxt_short');
});

test('the codes of the API reference have the HTTP statuses printed there', () => {
  const printed: Partial<Record<ErrorCode, number>> = {
    AGENT_NOT_FOUND: 404,
    AGENT_ALREADY_EXISTS: 409,
    INVALID_WASM: 400,
    RESOURCE_LIMIT_EXCEEDED: 429,
    DEPLOYMENT_FAILED: 500,
    MESSAGE_DELIVERY_FAILED: 500,
    UNAUTHORIZED: 401,
    FORBIDDEN: 403,
    RATE_LIMITED: 429,
    INTERNAL_ERROR: 500,
    INVALID_REQUEST: 400,
    NOT_FOUND: 404,
    CONFLICT: 409,
    TIMEOUT: 504,
    UNAVAILABLE: 503,
  };
  const table = Object.fromEntries(CODES.map((code) => [code, ERROR_TABLE[code].httpStatus]));
  assert.deepEqual(table, printed);
});

test('every kind has valid statuses, a text, and can not be changed', () => {
  assert.ok(Object.isFrozen(ERROR_TABLE));
  for (const kind of Object.values(ERROR_TABLE)) {
    assert.ok(kind.httpStatus >= 400 && kind.httpStatus <= 599);
    assert.ok(kind.grpcStatus >= 1 && kind.grpcStatus <= 16);
    assert.ok(kind.description.length > 0);
    assert.ok(Object.isFrozen(kind));
  }
});

test('the body of an answer holds code, message, details and trace id', () => {
  const error = invalidRequest('receiver is missing', 'receiver', { limit: 3 });
  assert.deepEqual(error.toBody('abc'), {
    error: {
      code: 'INVALID_REQUEST',
      message: 'receiver is missing',
      details: { field: 'receiver', limit: 3 },
      trace_id: 'abc',
    },
  });
});

test('an unknown agent is named with the time of the search', () => {
  const error = agentNotFound('agent_999');
  assert.equal(error.code, 'AGENT_NOT_FOUND');
  assert.equal(error.message, "Agent with ID 'agent_999' not found");
  assert.equal(error.details.agent_id, 'agent_999');
  assert.ok(!Number.isNaN(Date.parse(String(error.details.searched_at))));
});

test('an error crosses a thread boundary unchanged', () => {
  const error = new CaxtonError('TIMEOUT', 'late', { limit_ms: 5 });
  const copy = fromPlainError(structuredClone(toPlainError(error)));
  assert.ok(copy instanceof CaxtonError);
  assert.deepEqual(copy.toBody('t'), error.toBody('t'));
});

test('a foreign error becomes INTERNAL_ERROR, hides its text and keeps its cause', () => {
  for (const thrown of [new TypeError('secret'), 'secret', undefined, { message: 'secret' }]) {
    const error = toCaxtonError(thrown);
    assert.equal(error.code, 'INTERNAL_ERROR');
    assert.ok(!JSON.stringify(error.toBody('t')).includes('secret'));
    assert.equal(error.cause, thrown);
  }
  const own = new CaxtonError('CONFLICT', 'x');
  assert.equal(toCaxtonError(own), own);
});

test('an error says when to try again, where that helps', () => {
  const after = (code: ErrorCode, details: object) =>
    new CaxtonError(code, 'x', { ...details }).retryAfterS;
  assert.equal(after('RATE_LIMITED', { retry_after_seconds: 2.1 }), 3);
  assert.equal(after('RESOURCE_LIMIT_EXCEEDED', { retry_after_seconds: 0 }), 1);
  assert.equal(after('RESOURCE_LIMIT_EXCEEDED', {}), undefined);
  assert.equal(after('UNAVAILABLE', {}), undefined);
  assert.equal(after('UNAVAILABLE', { retry_after_seconds: null }), undefined);
  const { retryable } = new CaxtonError('UNAVAILABLE', 'x', { retry_after_seconds: null });
  assert.ok(!retryable, 'waiting alone would not help');
});
