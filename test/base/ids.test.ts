import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  firstIdOf,
  isTaskId,
  newAgentId,
  newDeploymentId,
  newMessageId,
  newSubscriptionId,
  newTaskId,
  newTraceId,
  putSortableId,
  sortableId,
  timeInBytes,
  timeInText,
  timeOfId,
  traceIdOf,
} from '../../src/base/ids.js';

const FORM = /^[0-9A-HJKMNP-TV-Z]{26}$/;

test('ids have their prefix and 26 characters', () => {
  for (const [id, prefix] of [
    [newMessageId(), 'msg_'],
    [newAgentId(), 'agent_'],
    [newDeploymentId(), 'deploy_'],
    [newSubscriptionId(), 'sub_'],
  ] as const) {
    assert.ok(id.startsWith(prefix), id);
    assert.match(id.slice(prefix.length), FORM);
  }
});

test('the id of a task is told from those of other things', () => {
  assert.ok(isTaskId(newTaskId()));
  for (const id of [newMessageId(), newAgentId(), 'tasks', '']) assert.ok(!isTaskId(id), id);
});

test('ids sort in the order in which they were made, and none comes twice', () => {
  const made = Array.from({ length: 200_000 }, () => newMessageId());
  for (let i = 1; i < made.length; i++) assert.ok(made[i - 1]! < made[i]!, `at ${i}`);
});

test('more ids than a millisecond holds go on into the next', () => {
  const ms = Date.now() + 1_000_000;
  let previous = sortableId(ms);
  for (let i = 0; i < 1024 * 1024; i++) {
    const id = sortableId(ms);
    if (id <= previous) assert.fail(`${id} is not after ${previous}`);
    previous = id;
  }
  assert.equal(timeOfId(previous), ms + 1);
});

test('a clock that steps back does not undo the order', () => {
  const ms = Date.now() + 2_000_000;
  const before = sortableId(ms);
  const after = sortableId(ms - 500_000);
  assert.ok(before < after);
  assert.equal(timeOfId(after), ms);
});

test('the time of an id is read back, and its millisecond starts at the first id', () => {
  fc.assert(
    fc.property(fc.nat({ max: 2 ** 48 }), (ms) => {
      assert.match(firstIdOf(ms), FORM);
      assert.equal(timeOfId(firstIdOf(ms)), ms);
      assert.ok(firstIdOf(ms) < firstIdOf(ms + 1));
    }),
  );
  const id = sortableId(Date.now() + 3_000_000);
  assert.ok(firstIdOf(timeOfId(id)) <= id && id < firstIdOf(timeOfId(id) + 1));
  assert.equal(firstIdOf(-5), firstIdOf(0));
});

test('trace ids are 32 hexadecimal digits', () => {
  assert.match(newTraceId(), /^[0-9a-f]{32}$/);
  assert.notEqual(newTraceId(), newTraceId());
});

test('the trace id of a traceparent is taken, and a malformed one is not', () => {
  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  assert.equal(traceIdOf(`00-${trace}-00f067aa0ba902b7-01`), trace);
  for (const header of [
    undefined,
    '',
    trace,
    `00-${trace}`,
    `00-${trace.toUpperCase()}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${trace}-xyz-01`,
  ]) {
    assert.equal(traceIdOf(header), undefined, String(header));
  }
});

test('the time in an id is read from its bytes as from its text', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(2 ** 40).map(firstIdOf), fc.string({ minLength: 10 })), (text) => {
      const bytes = Buffer.from(text);
      const expected = timeInText(text, 0);
      // What is no ASCII has other bytes than units; neither is an id.
      assert.equal(timeInBytes(bytes, 0), expected);
    }),
  );
});

test('ids written as bytes and as text are of one sequence', () => {
  const bytes = Buffer.alloc(30, '.');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let last = sortableId();
  for (let i = 0; i < 3_000; i++) {
    putSortableId(view, 2, Date.now());
    const written = bytes.toString('latin1', 2, 28);
    assert.match(written, FORM);
    assert.ok(last < written, `at ${i}`);
    last = sortableId();
    assert.ok(written < last, `at ${i}`);
  }
  assert.equal(bytes.toString('latin1', 0, 2) + bytes.toString('latin1', 28), '....');
});
