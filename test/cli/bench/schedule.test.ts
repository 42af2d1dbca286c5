import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countedFrom, Schedule, TIMER_SLACK_MS } from '../../../src/cli/bench/schedule.js';

function dueTimes(schedule: Schedule, count: number): number[] {
  return Array.from({ length: count }, () => {
    const { due_ms } = schedule;
    schedule.advance();
    return due_ms;
  });
}

test('messages are due at fixed times, whatever became of those before', () => {
  assert.deepEqual(dueTimes(new Schedule(1_000, 100), 4), [1_000, 1_010, 1_020, 1_030]);
  const slow = dueTimes(new Schedule(0, 0.5), 3);
  assert.deepEqual(slow, [0, 2_000, 4_000]);
});

test('a long schedule does not drift', () => {
  const schedule = new Schedule(0, 3);
  assert.equal(dueTimes(schedule, 3_000_001).at(-1), 1_000_000_000);
});

test('threads share a rate in turns', () => {
  const threads = [0, 1, 2].map((thread) => dueTimes(new Schedule(500, 1_000, thread, 3), 2));
  assert.deepEqual(threads, [
    [500, 503],
    [501, 504],
    [502, 505],
  ]);
});

test('what was due and not sent is known', () => {
  const schedule = new Schedule(1_000, 100);
  assert.equal(schedule.dueBefore(1_000), 0);
  assert.equal(schedule.dueBefore(2_000), 100);
  dueTimes(schedule, 60);
  assert.equal(schedule.dueBefore(2_000), 40);
  dueTimes(schedule, 60);
  assert.equal(schedule.dueBefore(2_000), 0);
});

test('what was due before a time and not sent can be passed over', () => {
  const schedule = new Schedule(1_000, 100);
  dueTimes(schedule, 20);
  schedule.dropBefore(1_100);
  assert.equal(schedule.due_ms, 1_200, 'what was sent already stays sent');
  schedule.dropBefore(2_000);
  assert.equal(schedule.due_ms, 2_000);
  assert.equal(schedule.dueBefore(3_000), 100);
});

test('a message that is due just when a time begins is not before it, however it is rounded', () => {
  for (const rate of [3, 7, 300, 999, 60_000]) {
    const schedule = new Schedule(12_345.678_9, rate, 1, 3);
    // 3,000 turns of three threads: whole seconds by the rate.
    const end_ms = schedule.due_ms + (3 * 3_000 * 1_000) / rate;
    dueTimes(schedule, 2_999);
    assert.ok(schedule.isBefore(end_ms));
    schedule.advance();
    assert.ok(!schedule.isBefore(end_ms));
    assert.equal(schedule.dueBefore(end_ms), 0);
  }
});

test('latency counts from when a message was due, but for what the timer is late', () => {
  const free = 0;
  assert.equal(countedFrom(100, 100, free), 100);
  assert.equal(countedFrom(100, 101.2, free), 101.2);
  assert.equal(countedFrom(100, 100 + TIMER_SLACK_MS + 0.1, free), 100, 'a busy generator');
  assert.equal(countedFrom(100, 101, 100.5), 100, 'there was no free place');
  assert.equal(countedFrom(100, 900, 900), 100, 'nor for a long time');
});
