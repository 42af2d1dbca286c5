import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CpuAccounts } from '../../src/runtime/cpu-accounts.js';
import { makeInstance } from '../support/agents.js';

test('instances of all versions of an agent pay into one account, each at its own share', () => {
  const accounts = new CpuAccounts();
  const { agent, config } = makeInstance('shared', { cpuShareMillis: 100, instances: 2 });
  const first = accounts.grant(agent, config);
  const next = accounts.grant(agent, { ...config, cpuShareMillis: 200 });
  assert.deepEqual([first?.millis, next?.millis], [100, 200]);
  assert.equal(next?.account, first?.account);
  assert.equal(accounts.grant(agent, { ...config, cpuShareMillis: 0 }), undefined);
  const other = makeInstance('other', { cpuShareMillis: 100 });
  assert.notEqual(accounts.grant(other.agent, other.config)?.account, first?.account);
});
