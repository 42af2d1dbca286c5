import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { HOST_LIMIT_EXCEEDED } from '../../src/wire/host-calls.js';
import { AgentData } from '../../src/worker/agent-data.js';
import { DataBudget } from '../../src/worker/data-budget.js';
import { UndoLog } from '../../src/worker/undo-log.js';
import { guest } from '../support/guests.js';
import { refusal } from '../support/runtime.js';
import { WorkerHarness } from '../support/worker-harness.js';

const ENTRY_BYTES = LIMITS.data_entry_bytes + 11;
const key = (n: number): Uint8Array => Uint8Array.of(n);
const VALUE = new Uint8Array(10);

test('all agents of a worker share a budget, and what is taken back or released is free', () => {
  const budget = new DataBudget(3 * ENTRY_BYTES);
  const one = new AgentData([[key(1), VALUE]], budget);
  const two = new AgentData([], budget);
  const undo = new UndoLog();
  two.put(key(1), VALUE, undo);
  two.put(key(2), VALUE, undo);
  assert.equal(one.check(key(2), VALUE.length), HOST_LIMIT_EXCEEDED);
  assert.equal(one.check(key(1), VALUE.length), 0, 'what replaces as much is no more');
  undo.rollback();
  assert.equal(one.check(key(2), VALUE.length), 0);
  two.put(key(1), VALUE, undo);
  two.put(key(2), VALUE, undo);
  two.release();
  assert.equal(one.check(key(2), VALUE.length), 0);
  assert.ok(!budget.exceeded);
});

test('a worker refuses data, and agents with data, that its heap has no room for', async () => {
  const worker = new WorkerHarness({ dataBytes: 3 * ENTRY_BYTES });
  try {
    const module = await guest('store-agent');
    const put = async (slot: number, name: string): Promise<unknown> => {
      const content = { action: 'put', key: name, value: 'v'.repeat(8) };
      const { effects } = await worker.handle(slot, { content });
      const sent = effects.find((effect) => effect.kind === 'send');
      return sent?.kind === 'send' ? sent.message.content : undefined;
    };
    const first = await worker.install(module);
    const second = await worker.install(module, { data: [[key(1), VALUE]] });
    assert.deepEqual(await put(first, 'a'), { result: 0 });
    assert.deepEqual(await put(second, 'a'), { result: 0 });
    assert.deepEqual(await put(first, 'b'), { result: HOST_LIMIT_EXCEEDED });
    const stored = { data: [[key(1), VALUE]] as const };
    const refused = refusal('RESOURCE_LIMIT_EXCEEDED', { resource: 'stored_data' });
    await assert.rejects(worker.install(module, stored), refused);
    await worker.remove(second, true);
    await worker.install(module, stored);
  } finally {
    await worker.close();
  }
});
