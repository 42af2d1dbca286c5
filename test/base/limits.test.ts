import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssertionError } from '../../src/base/assert.js';
import { assertLimitRelations, frameBytesMax, LIMITS } from '../../src/base/limits.js';

test('the limits fit one another', () => {
  assertLimitRelations();
});

test('content that two to a ring do not fit, or above its own bound, is refused', () => {
  const ring_bytes = LIMITS.ring_bytes;
  const fits = ring_bytes / 2 - LIMITS.envelope_bytes - 1;
  assertLimitRelations(fits, ring_bytes);
  assert.throws(() => assertLimitRelations(fits + 1, ring_bytes), AssertionError);
  const above = LIMITS.content_bytes_max + 1;
  assert.throws(() => assertLimitRelations(above, LIMITS.ring_bytes_max), AssertionError);
});

test('a ring too small for the effects of one message is refused', () => {
  const effects_bytes = LIMITS.effects_bytes + LIMITS.log_bytes_per_message;
  assertLimitRelations(1, effects_bytes * 2 + 1);
  assert.throws(() => assertLimitRelations(1, effects_bytes * 2), AssertionError);
});

test('a frame holds the envelope and the content', () => {
  assert.equal(frameBytesMax(100), LIMITS.envelope_bytes + 100);
});

test('every limit is a whole number of at least 1 and can not be changed', () => {
  assert.ok(Object.isFrozen(LIMITS));
  for (const [name, value] of Object.entries(LIMITS)) {
    assert.ok(Number.isSafeInteger(value) && value >= 1, name);
  }
});

test('defaults are within their bounds', () => {
  assert.ok(LIMITS.content_bytes <= LIMITS.content_bytes_max);
  assert.ok(
    LIMITS.ring_bytes_min <= LIMITS.ring_bytes && LIMITS.ring_bytes <= LIMITS.ring_bytes_max,
  );
  assert.ok(LIMITS.mailbox_messages <= LIMITS.mailbox_messages_max);
  assert.ok(LIMITS.fuel_min <= LIMITS.fuel_default && LIMITS.fuel_default <= LIMITS.fuel_max);
  assert.ok(LIMITS.max_message_ms_default <= LIMITS.max_message_ms_max);
  assert.ok(LIMITS.wait_default_ms <= LIMITS.wait_max_ms);
  assert.ok(LIMITS.page_default <= LIMITS.page_max);
  assert.ok(LIMITS.restart_backoff_ms <= LIMITS.restart_backoff_max_ms);
});
