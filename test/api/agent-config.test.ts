import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toAgentConfig } from '../../src/api/agent-config.js';
import { loadConfig } from '../../src/config/load-config.js';
import { refusal } from '../support/runtime.js';

const config = loadConfig({});

test('capabilities are held to the rule that agents are held to', () => {
  const capabilities = ['search', 'search:2', 'search:1.2.3', 'größe', 'a'.repeat(128)];
  assert.deepEqual(toAgentConfig({ name: 'a', capabilities }, config).capabilities, capabilities);
  for (const name of ['a b', 'a\n', 'a:', ':1', 'a:b', 'a:1:2', '\ufffd', 'ü'.repeat(65)]) {
    assert.throws(
      () => toAgentConfig({ name: 'a', capabilities: ['fine', name] }, config),
      refusal('INVALID_REQUEST', { field: 'config.capabilities.1' }),
      JSON.stringify(name),
    );
  }
});

test('a memory limit is told as it was written, unless rounding to pages makes it another', () => {
  const told = (memory: string | number) =>
    toAgentConfig({ name: 'a', resources: { memory } }, config).memoryText;
  assert.equal(told('50MB'), '50MB');
  assert.equal(told('64KiB'), '64KiB');
  assert.equal(told('1KB'), '65.54KB');
  assert.equal(told('100KB'), '131.07KB');
  assert.equal(told(1), '65.54KB');
});
