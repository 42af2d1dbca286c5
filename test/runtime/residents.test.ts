import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { WorkerChannel } from '../../src/pool/worker-channel.js';
import { Residents } from '../../src/runtime/residents.js';
import { makeInstance } from '../support/agents.js';

function makeChannel(index: number): WorkerChannel {
  return new WorkerChannel(index, 1, 64 * 1024, new MessageChannel().port1);
}

test('an instance is found where it lives, until it is taken out', () => {
  const residents = new Residents();
  const [first, second] = [makeChannel(0), makeChannel(1)];
  const instance = makeInstance('a');
  residents.add(first, 3, instance);
  assert.equal(residents.at(first, 3), instance);
  assert.equal(residents.at(first, 4), undefined);
  assert.equal(residents.at(second, 3), undefined);
  assert.equal(instance.channel, first);
  assert.equal(instance.slot, 3);
  instance.ready = true;
  residents.remove(instance);
  assert.equal(residents.at(first, 3), undefined);
  assert.equal(instance.channel, undefined);
  assert.equal(instance.ready, false);
  residents.remove(instance);
});

test('instances are counted by worker', () => {
  const residents = new Residents();
  const [first, second] = [makeChannel(0), makeChannel(1)];
  const instances = [1, 2, 3].map((slot) => {
    const instance = makeInstance(`a${slot}`);
    residents.add(first, slot, instance);
    return instance;
  });
  assert.equal(residents.count(first), 3);
  assert.equal(residents.count(second), 0);
  residents.remove(instances[0] as (typeof instances)[number]);
  assert.equal(residents.count(first), 2);
});

test('the instances of a dead worker live nowhere, and those of others stay', () => {
  const residents = new Residents();
  const [dead, alive] = [makeChannel(0), makeChannel(1)];
  const orphan = makeInstance('orphan');
  const stays = makeInstance('stays');
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
