import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AgentAddresses } from '../../src/runtime/agent-addresses.js';
import { Directory } from '../../src/runtime/directory.js';
import { makeAgent } from '../support/agents.js';

function setUp() {
  const directory = new Directory(() => {});
  const addresses = new AgentAddresses(directory);
  const find = (text: string) => {
    const bytes = Buffer.from(`..${text}..`);
    return addresses.find(bytes, 2, bytes.length - 2);
  };
  return { directory, find };
}

test('an agent is found by the bytes of its id and of its name, and nobody else is', () => {
  const { directory, find } = setUp();
  const agent = makeAgent('worker-é');
  directory.add(agent);
  for (let round = 0; round < 2; round++) {
    assert.equal(find(agent.id).agent, agent);
    assert.equal(find(agent.id).isId, true);
    assert.equal(find('worker-é').agent, agent);
    assert.equal(find('worker-é').isId, false);
    assert.equal(Buffer.from(find('worker-é').id).toString(), agent.id);
    assert.equal(find('worker-e').agent, undefined);
    assert.equal(find('').agent, undefined);
  }
});

test('a name leads to who has it now', () => {
  const { directory, find } = setUp();
  const first = makeAgent('same');
  directory.add(first);
  assert.equal(find('same').agent, first);
  directory.remove(first);
  assert.equal(find('same').agent, undefined);
  assert.equal(find(first.id).agent, undefined);
  const second = makeAgent('same');
  directory.add(second);
  assert.equal(find('same').agent, second);
});

test('ten thousand agents are told apart, whatever places they share', () => {
  const { directory, find } = setUp();
  const agents = Array.from({ length: 10_000 }, (_, i) => makeAgent(`agent-${i}`));
  for (const agent of agents) directory.add(agent);
  for (const agent of agents) {
    assert.equal(find(agent.name).agent, agent);
    assert.equal(find(agent.id).agent, agent);
  }
});
