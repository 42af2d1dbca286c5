import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openStore } from '../../src/store/embedded-store.js';
import { optionsFor, withFolder } from './support.js';

test('tasks and records come back after a restart, in the order of their ids', async () => {
  await withFolder(async (dir) => {
    const first = await openStore(optionsFor(dir));
    for (const id of ['task_2', 'task_1', 'task_3']) first.tasks.put(id, { id, n: 1 });
    first.tasks.putData('task_1', '{"ü":"✓"}');
    first.tasks.putData('task_2', '1');
    first.tasks.put('task_1', { id: 'task_1', n: 2 });
    first.tasks.dropData('task_2');
    first.tasks.putData('task_3', '3');
    first.tasks.delete('task_3');
    first.tasks.putRecord('agent_1', { awarded: 1 });
    first.tasks.putRecord('task_1', { awarded: 2 });
    first.tasks.deleteRecord('agent_1');
    await first.close();
    const second = await openStore(optionsFor(dir));
    try {
      assert.deepEqual(second.tasks.all(), [
        { state: { id: 'task_1', n: 2 }, data: '{"ü":"✓"}' },
        { state: { id: 'task_2', n: 1 }, data: '' },
      ]);
      assert.deepEqual(second.tasks.records(), [['task_1', { awarded: 2 }]]);
    } finally {
      await second.close();
    }
  });
});
