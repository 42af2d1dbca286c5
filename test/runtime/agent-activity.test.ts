import assert from 'node:assert/strict';
import { test } from 'node:test';
import { monotonicMs } from '../../src/base/clock.js';
import { AgentActivity } from '../../src/runtime/agent-activity.js';
import { AgentFigures } from '../../src/runtime/agent-figures.js';

const HOUR_MS = 3_600_000;

class Crowd {
  readonly activity: AgentActivity;
  nowMs = monotonicMs();

  constructor(limits: { bytes?: number; recorders?: number } = {}) {
    this.activity = new AgentActivity({ bytes: 1e9, recorders: 1e9, ...limits });
    this.activity.sample(this.nowMs);
  }

  join() {
    const agent = { memoryBytes: 65_536, instanceCount: 1, discarded: false };
    return { agent, figures: new AgentFigures(agent, this.activity) };
  }

  second(): void {
    this.nowMs += 1_000;
    this.activity.sample(this.nowMs);
  }

  processed(figures: AgentFigures): number {
    return figures.totals(this.nowMs, HOUR_MS).processed;
  }
}

test('of ten thousand agents a sample looks at those that did something', () => {
  const crowd = new Crowd();
  const all = Array.from({ length: 10_000 }, () => crowd.join().figures);
  let looked = 0;
  for (const figures of all) {
    const { sample } = figures;
    figures.sample = (...times) => {
      looked += 1;
      return sample.apply(figures, times);
    };
  }
  crowd.second();
  assert.equal(looked, 0);
  assert.equal(crowd.activity.keptBytes, 0);
  all[7]!.handled(true, 1, 1, 1);
  all[8]!.handled(true, 1, 1, 1);
  assert.equal(crowd.activity.activeAgents, 2);
  crowd.second();
  assert.equal(looked, 2);
  // Once more, to see that they are idle.
  crowd.second();
  assert.equal(looked, 4);
  crowd.second();
  assert.equal(looked, 4);
  assert.equal(crowd.activity.activeAgents, 0);
  assert.equal(all[7]!.recorder, undefined);
  assert.equal(crowd.processed(all[7]!), 1);
});

test('what agents did is kept within bounds: the longest idle is forgotten first', () => {
  const crowd = new Crowd({ bytes: 20_000 });
  const crowds = Array.from({ length: 100 }, () => crowd.join().figures);
  for (const figures of crowds) {
    figures.handled(true, 1, 1, 1);
    figures.error('INTERNAL_ERROR', 'an error');
    crowd.second();
    assert.ok(crowd.activity.keptBytes <= 20_000, `${crowd.activity.keptBytes}`);
  }
  assert.equal(crowd.processed(crowds[0]!), 0);
  assert.deepEqual(crowds[0]!.errors(crowd.nowMs, HOUR_MS), []);
  assert.equal(crowds[0]!.processed, 1);
  assert.ok(crowd.activity.forgotten > 0 && crowd.activity.forgotten < 100);
  assert.equal(crowd.processed(crowds[99]!), 1);
  // It comes back with what it does from now on.
  crowds[0]!.handled(true, 1, 1, 1);
  crowd.second();
  assert.equal(crowd.processed(crowds[0]!), 1);
});

test('after a day without anything nothing is kept', () => {
  const crowd = new Crowd();
  const { figures } = crowd.join();
  figures.handled(true, 1, 1, 1);
  crowd.second();
  crowd.second();
  assert.ok(crowd.activity.keptBytes > 0);
  crowd.nowMs += 26 * HOUR_MS;
  crowd.second();
  assert.equal(crowd.activity.keptBytes, 0);
  assert.equal(crowd.activity.forgotten, 0);
});

test('of an agent that is removed nothing is kept, even when it fails messages afterwards', () => {
  const crowd = new Crowd();
  const { agent, figures } = crowd.join();
  figures.handled(true, 1, 1, 1);
  crowd.second();
  agent.discarded = true;
  figures.discard();
  assert.equal(crowd.activity.keptBytes, 0);
  figures.error('UNAVAILABLE', 'it was removed');
  crowd.second();
  assert.equal(crowd.activity.keptBytes, 0);
  assert.equal(crowd.activity.activeAgents, 0);
});

test('where too many are busy at once the rest is counted without percentiles', () => {
  const crowd = new Crowd({ recorders: 1 });
  const first = crowd.join().figures;
  const second = crowd.join().figures;
  first.handled(true, 1, 10, 1);
  second.handled(true, 1, 20, 1);
  crowd.second();
  const totals = second.totals(crowd.nowMs, HOUR_MS);
  assert.equal(totals.latencyUs, 20);
  assert.equal(totals.latencies, undefined);
  crowd.second();
  // The recorder of one that became idle is the next one's, and empty.
  second.handled(true, 1, 30, 1);
  assert.equal(second.recorder?.count, 1);
});
