import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  checkEventPatterns,
  EVENT_FAMILIES,
  EVENT_TYPES,
  typesOf,
} from '../../src/runtime/event-types.js';
import { refusal } from '../support/runtime.js';

test('each type belongs to a family', () => {
  for (const type of Object.keys(EVENT_TYPES)) {
    assert.ok(
      EVENT_FAMILIES.some((family) => type.startsWith(`${family}.`)),
      type,
    );
  }
});

test('patterns stand for a type, a family or all', () => {
  assert.deepEqual([...typesOf(['agent.failed', 'agent.failed'])], ['agent.failed']);
  assert.ok([...typesOf(['agent.*'])].every((type) => type.startsWith('agent.')));
  assert.equal(typesOf(['*']).size, Object.keys(EVENT_TYPES).length);
  assert.doesNotThrow(() =>
    checkEventPatterns(['*', ...EVENT_FAMILIES.map((family) => `${family}.*`), 'task.completed']),
  );
});

test('a pattern that stands for nothing is refused with the one that was meant', () => {
  assert.throws(
    () => checkEventPatterns(['agent.*', 'agent.faild']),
    refusal('INVALID_REQUEST', { field: 'events.1' }),
  );
  assert.throws(() => checkEventPatterns(['agent.faild']), /Did you mean agent\.failed\?/);
  assert.throws(() => checkEventPatterns(['agents.*']), /Did you mean agent\.\*\?/);
  assert.throws(() => checkEventPatterns(['weather.sunny.today']), /conversation\.\*/);
});
