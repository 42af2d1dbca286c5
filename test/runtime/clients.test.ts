import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newAgentId } from '../../src/base/ids.js';
import { Clients } from '../../src/runtime/clients.js';

test('a name is known once it was seen', () => {
  const clients = new Clients(10);
  assert.equal(clients.has('bob'), false);
  clients.see('bob');
  clients.see('bob');
  assert.equal(clients.has('bob'), true);
});

test('an agent is no client, nor is one that was removed', () => {
  const clients = new Clients(10);
  const agentId = newAgentId();
  clients.see(agentId);
  assert.equal(clients.has(agentId), false);
  clients.see('agent_smith');
  assert.equal(clients.has('agent_smith'), true);
});

test('of more names than may be remembered the first go', () => {
  const clients = new Clients(2);
  for (const name of ['a', 'b', 'b', 'c']) clients.see(name);
  assert.deepEqual(
    ['a', 'b', 'c'].map((name) => clients.has(name)),
    [false, true, true],
  );
});

test('a claimed name stays until all who claimed it let go', () => {
  const clients = new Clients(1);
  clients.claim('bob');
  clients.claim('bob');
  clients.see('x');
  clients.see('y');
  clients.release('bob');
  assert.equal(clients.has('bob'), true);
  clients.release('bob');
  assert.equal(clients.has('bob'), false);
  clients.release('bob');
  clients.claim('bob');
  assert.equal(clients.has('bob'), true);
});
