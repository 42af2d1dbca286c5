import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { WorkerChannel } from '../../src/pool/worker-channel.js';
import { Residents } from '../../src/runtime/residents.js';
import { makeAgent } from '../support/agents.js';

function makeChannel(index: number): WorkerChannel {
  return new WorkerChannel(index, 1, 64 * 1024, new MessageChannel().port1);
}

test('an agent is found where it lives, until it is taken out', () => {
  const residents = new Residents();
  const [first, second] = [makeChannel(0), makeChannel(1)];
  const agent = makeAgent('a');
  residents.add(first, 3, agent);
  assert.equal(residents.at(first, 3), agent);
  assert.equal(residents.at(first, 4), undefined);
  assert.equal(residents.at(second, 3), undefined);
  assert.equal(agent.channel, first);
  assert.equal(agent.slot, 3);
  agent.ready = true;
  residents.remove(agent);
  assert.equal(residents.at(first, 3), undefined);
  assert.equal(agent.channel, undefined);
  assert.equal(agent.ready, false);
  residents.remove(agent);
});

test('agents are counted by worker', () => {
  const residents = new Residents();
  const [first, second] = [makeChannel(0), makeChannel(1)];
  const agents = [1, 2, 3].map((slot) => {
    const agent = makeAgent(`a${slot}`);
    residents.add(first, slot, agent);
    return agent;
  });
  assert.equal(residents.count(first), 3);
  assert.equal(residents.count(second), 0);
  residents.remove(agents[0] as (typeof agents)[number]);
  assert.equal(residents.count(first), 2);
});

test('the agents of a dead worker live nowhere, and those of others stay', () => {
  const residents = new Residents();
  const [dead, alive] = [makeChannel(0), makeChannel(1)];
  const orphan = makeAgent('orphan');
  const stays = makeAgent('stays');
  residents.add(dead, 1, orphan);
  residents.add(alive, 1, stays);
  orphan.ready = true;
  stays.ready = true;
  assert.deepEqual(residents.orphan(dead), [orphan]);
  assert.equal(orphan.channel, undefined);
  assert.equal(orphan.ready, false);
  assert.equal(residents.at(dead, 1), undefined);
  assert.equal(stays.ready, true);
  assert.deepEqual(residents.orphan(dead), []);
});
