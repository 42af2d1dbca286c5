import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newTaskId } from '../../../src/base/ids.js';
import { LIMITS } from '../../../src/base/limits.js';
import { newTask, type Task } from '../../../src/runtime/tasks/task.js';
import { TaskTable } from '../../../src/runtime/tasks/task-table.js';
import { withStore } from '../../store/support.js';
import { refusal } from '../../support/runtime.js';

const make = (data = ''): Task =>
  newTask(
    newTaskId(),
    {
      name: 'n',
      description: '',
      data,
      participants: ['a'],
      capabilities: [],
      minPerformanceScore: 0,
      timeoutMs: 1,
      createdBy: 'tests',
    },
    1,
  );

const STORE = { ringBytes: 32 * 1024 * 1024 };

test('the first tasks that ended make room for new ones; those under way stay', async () => {
  await withStore(async (store) => {
    const forgotten: string[] = [];
    const table = new TaskTable(store.tasks, (id) => forgotten.push(id));
    const open = table.add(make());
    const over = [table.add(make()), table.add(make())];
    for (const entry of over) {
      entry.task = { ...entry.task, status: 'cancelled', endedMs: 2 };
      table.save(entry);
    }
    while (forgotten.length < 2) table.add(make());
    assert.deepEqual(
      forgotten,
      over.map((entry) => entry.task.id),
    );
    assert.equal([...table.entries()].length, LIMITS.tasks);
    assert.equal(table.find(open.task.id), open);
    const limit = { resource: 'tasks', limit: LIMITS.tasks };
    assert.throws(() => table.add(make()), refusal('RESOURCE_LIMIT_EXCEEDED', limit));
    assert.throws(() => table.get(over[0]!.task.id), refusal('NOT_FOUND'));
    await store.durable();
    assert.equal(store.tasks.all().length, LIMITS.tasks);
  }, STORE);
});

test('the data of all tasks that have not ended is bounded', async () => {
  await withStore(async (store) => {
    const table = new TaskTable(store.tasks, () => {});
    const data = JSON.stringify('x'.repeat(LIMITS.task_data_bytes - 2));
    const limit = { resource: 'tasks_bytes', limit_bytes: LIMITS.tasks_bytes };
    const fits = Math.floor(LIMITS.tasks_bytes / (LIMITS.task_data_bytes + 4_096));
    const entries = [];
    for (let i = 0; i < fits; i++) {
      entries.push(table.add(make(data)));
      if (i % 100 === 0) await store.durable();
    }
    await store.durable();
    const more = () => {
      for (;;) table.add(make(data));
    };
    assert.throws(more, refusal('RESOURCE_LIMIT_EXCEEDED', limit));
    // A task that ended keeps its name, not its data.
    for (const entry of entries.slice(0, 10)) {
      entry.task = { ...entry.task, status: 'cancelled', endedMs: 2 };
      table.save(entry);
    }
    for (let i = 0; i < 5; i++) table.add(make(data));
    assert.notEqual(table.find(entries[0]!.task.id), undefined);
    await store.durable();
    const first = store.tasks.all()[0]!;
    assert.equal(first.data, '');
    assert.equal((first.state as Task).id, entries[0]!.task.id);
  }, STORE);
});
