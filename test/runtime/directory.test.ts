import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { Directory } from '../../src/runtime/directory.js';
import type { DirectoryChange } from '../../src/wire/control.js';
import { makeAgent } from '../support/agents.js';

function makeDirectory() {
  const announced: DirectoryChange[] = [];
  const directory = new Directory((changes) => announced.push(...changes));
  return { directory, announced };
}

function running(name: string, capabilities: string[] = []) {
  const agent = makeAgent(name, { capabilities });
  agent.state = 'running';
  return agent;
}

test('agents are found by id and by name until they are removed', () => {
  const { directory } = makeDirectory();
  const agent = running('a');
  directory.add(agent);
  assert.equal(directory.find('a'), agent);
  assert.equal(directory.find(agent.id), agent);
  assert.equal(directory.size, 1);
  directory.remove(agent);
  assert.equal(directory.find('a'), undefined);
  assert.equal(directory.find(agent.id), undefined);
});

test('removing an agent twice leaves its successor of the same name', () => {
  const { directory } = makeDirectory();
  const first = running('a', ['work']);
  const second = running('a', ['work']);
  directory.add(first);
  directory.remove(first);
  directory.add(second);
  directory.remove(first);
  assert.equal(directory.find('a'), second);
  assert.deepEqual(directory.providers('work'), [second]);
});

test('providers are those that run, by the name without its version', () => {
  const { directory } = makeDirectory();
  const plain = running('plain', ['work']);
  const versioned = running('versioned', ['work:1.2']);
  const stopped = running('stopped', ['work']);
  for (const agent of [plain, versioned, stopped]) directory.add(agent);
  stopped.state = 'stopped';
  assert.deepEqual(directory.providers('work'), [plain, versioned]);
  assert.deepEqual(directory.providers('work:9'), [plain, versioned]);
  assert.deepEqual(directory.providers('other'), []);
});

test('a capability that is registered is announced once, and goes with its agent', () => {
  const { directory, announced } = makeDirectory();
  const agent = running('a');
  directory.add(agent);
  announced.length = 0;
  directory.addCapability(agent.version, 'work:1');
  directory.addCapability(agent.version, 'work:1');
  assert.deepEqual(announced, [
    { change: 'capability', agentId: agent.id, capability: 'work', present: true },
  ]);
  assert.deepEqual(directory.providers('work'), [agent]);
  directory.remove(agent);
  assert.deepEqual(directory.providers('work'), []);
});

test('a capability of an agent that is not there is not offered', () => {
  const { directory, announced } = makeDirectory();
  directory.addCapability(running('gone').version, 'work');
  assert.deepEqual(directory.providers('work'), []);
  assert.deepEqual(announced, []);
});

test('an agent offers what one of its versions does, and nothing else', () => {
  const { directory, announced } = makeDirectory();
  const agent = running('a', ['kept', 'work:1', 'old']);
  directory.add(agent);
  const next = agent.newVersion(
    { ...agent.identity, config: { ...agent.identity.config, capabilities: ['kept', 'work:2'] } },
    0,
  );
  announced.length = 0;
  directory.addCapability(next, 'new');
  assert.deepEqual([...agent.capabilities], ['kept', 'work:1', 'old']);
  assert.equal(announced.length, 0);
  directory.offer(next);
  const offers = () =>
    directory.capabilities(0, 10).capabilities.map(({ name, versions }) => [name, ...versions]);
  assert.deepEqual([...agent.capabilities], ['kept', 'work:2', 'new']);
  assert.deepEqual(offers(), [['kept'], ['work', '2'], ['new']]);
  const told = announced.flatMap((each) =>
    each.change === 'capability' ? [`${each.capability} ${each.present}`] : [],
  );
  assert.deepEqual(told, ['work true', 'new true', 'old false']);
  // What the other registers now is its own.
  directory.addCapability(agent.version, 'late');
  assert.deepEqual(directory.providers('late'), []);
  directory.offer(agent.version);
  assert.deepEqual(offers(), [['kept'], ['work', '1'], ['old'], ['late']]);
  directory.remove(agent);
  directory.offer(next);
  assert.deepEqual(offers(), []);
});

test('all changes together tell a new worker what the others know', () => {
  const { directory, announced } = makeDirectory();
  const kept = running('kept', ['x', 'y:2']);
  const removed = running('removed', ['x']);
  directory.add(kept);
  directory.add(removed);
  directory.addCapability(kept.version, 'z');
  directory.remove(removed);
  const replay = (changes: readonly DirectoryChange[]) => {
    const facts = new Set<string>();
    for (const change of changes) {
      const what = change.change === 'agent' ? change.name : change.capability;
      const fact = `${change.change} ${change.agentId} ${what}`;
      if (change.present) facts.add(fact);
      else facts.delete(fact);
    }
    return facts;
  };
  assert.deepEqual(replay(directory.everything()), replay(announced));
  assert.equal(replay(announced).size, 4);
});

test('capabilities are listed in pages, with their versions and providers', () => {
  const { directory } = makeDirectory();
  const old = running('old', ['work:1.0', 'rest']);
  const both = running('both', ['work:1.0', 'work:2.0', 'work']);
  directory.add(old);
  directory.add(both);
  assert.deepEqual(directory.capabilities(0, 1), {
    total: 2,
    capabilities: [
      {
        name: 'work',
        versions: ['1.0', '2.0'],
        providerCount: 2,
        providers: [
          { agentId: old.id, name: 'old', state: 'running' },
          { agentId: both.id, name: 'both', state: 'running' },
        ],
      },
    ],
  });
  assert.equal(directory.capabilities(1, 10).capabilities[0]?.name, 'rest');
  directory.remove(both);
  directory.remove(both);
  const versions = () => directory.capabilities(0, 10).capabilities.map((each) => each.versions);
  assert.deepEqual(versions(), [['1.0'], []]);
  directory.remove(old);
  assert.deepEqual(directory.capabilities(0, 10), { total: 0, capabilities: [] });
});

test('a capability names its first providers and counts all', () => {
  const { directory } = makeDirectory();
  const count = LIMITS.capability_providers_shown + 5;
  for (let i = 0; i < count; i++) directory.add(running(`agent-${i}`, ['work']));
  const [work] = directory.capabilities(0, 10).capabilities;
  assert.equal(work?.providerCount, count);
  assert.equal(work?.providers.length, LIMITS.capability_providers_shown);
});
