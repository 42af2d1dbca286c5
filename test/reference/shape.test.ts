import assert from 'node:assert/strict';
import { test } from 'node:test';
import { departures } from './shape.js';

const printed = {
  agent_id: 'agent_123',
  status: 'running',
  deployed_at: '2024-01-15T10:30:00Z',
  memory: '50MB',
  cpu: '100m',
  progress: 0.65,
  memory_percent: 85,
  stages: [{ stage: 1, completed_at: '2024-01-15T10:35:00Z' }, { stage: 2 }],
};

const answer = {
  agent_id: 'agent_01KF',
  status: 'running',
  deployed_at: '2026-01-15T10:30:00.123Z',
  memory: '1.5GB',
  cpu: '0m',
  progress: 1,
  memory_percent: 3.5,
  stages: [{ stage: 1, completed_at: '2026-01-15T10:35:00.000Z' }, { stage: 2 }, { stage: 3 }],
};

test('an answer with all that is printed departs in nothing, whatever else it has', () => {
  assert.deepEqual(departures(printed, { ...answer, more: 1 }), []);
});

test('each field that is missing, or of another type or format, is told by its path', () => {
  const { progress: _, ...rest } = answer;
  const wrong: ReadonlyArray<readonly [actual: object, told: RegExp]> = [
    [rest, /^progress is missing$/],
    [{ ...answer, agent_id: 'msg_1' }, /^agent_id .* not an id agent_…$/],
    [{ ...answer, status: 'stopped' }, /^status .* not running$/],
    [{ ...answer, deployed_at: 'yesterday' }, /^deployed_at .* RFC 3339$/],
    [{ ...answer, memory: 50_000_000 }, /^memory is number 50000000, printed: string "50MB"$/],
    [{ ...answer, memory: 'much' }, /^memory .* not a size/],
    [{ ...answer, cpu: '0.1' }, /^cpu .* not thousandths/],
    [{ ...answer, progress: 65 }, /^progress .* not a share$/],
    [{ ...answer, memory_percent: 101 }, /^memory_percent .* not a percentage$/],
    [{ ...answer, memory_percent: null }, /^memory_percent is object null/],
    [{ ...answer, stages: [] }, /^stages has 0 items, printed: 2$/],
    [{ ...answer, stages: {} }, /^stages is object {}, printed: a list$/],
    [{ ...answer, stages: [{ stage: 1 }, { stage: 2 }] }, /^stages.completed_at is missing$/],
  ];
  for (const [actual, told] of wrong) {
    const found = departures(printed, actual);
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.match(found[0]!, told);
  }
});

test('what stands for a sample must come back, and a word may have others beside it', () => {
  const real = { agent_123: 'agent_01KF' };
  assert.deepEqual(departures(printed, answer, { real }), []);
  assert.equal(departures(printed, { ...answer, agent_id: 'agent_2' }, { real }).length, 1);
  const documented = { status: ['running', 'draining'] };
  assert.deepEqual(departures(printed, { ...answer, status: 'draining' }, { documented }), []);
});
