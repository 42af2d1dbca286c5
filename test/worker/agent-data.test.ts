import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { LIMITS } from '../../src/base/limits.js';
import { AgentData } from '../../src/worker/agent-data.js';
import { UndoLog } from '../../src/worker/undo-log.js';

const bytes = (maxLength: number) => fc.uint8Array({ minLength: 1, maxLength });
const step = fc.oneof(
  fc.record({ act: fc.constant('put' as const), key: bytes(2), value: bytes(20) }),
  fc.record({ act: fc.constant('delete' as const), key: bytes(2) }),
);
const message = fc.record({ steps: fc.array(step, { maxLength: 20 }), fails: fc.boolean() });

test('after any messages, kept or failed, the data is that of the kept ones alone', () => {
  fc.assert(
    fc.property(fc.array(message, { maxLength: 10 }), (messages) => {
      const data = new AgentData();
      const model = new Map<string, Buffer>();
      for (const { steps, fails } of messages) {
        const undo = new UndoLog();
        for (const change of steps) {
          const key = Buffer.from(change.key).toString('hex');
          if (change.act === 'put') data.put(change.key, change.value, undo);
          else data.delete(change.key, undo);
          if (fails) continue;
          if (change.act === 'put') model.set(key, Buffer.from(change.value));
          else model.delete(key);
        }
        if (fails) undo.rollback();
        else undo.clear();
      }
      let total = 0;
      for (const [key, value] of model) {
        assert.deepEqual(Buffer.from(data.get(Buffer.from(key, 'hex'))!), value);
        total += LIMITS.data_entry_bytes + key.length / 2 + value.length;
      }
      assert.equal(data.byteLength, total);
    }),
  );
});

test('a stored value doesn’t change with the memory it came from', () => {
  const data = new AgentData();
  const value = Uint8Array.of(1, 2, 3);
  data.put(Uint8Array.of(7), value, new UndoLog());
  value.fill(9);
  assert.deepEqual([...data.get(Uint8Array.of(7))!], [1, 2, 3]);
});
