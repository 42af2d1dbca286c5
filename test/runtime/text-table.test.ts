import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TextTable } from '../../src/runtime/text-table.js';

const keys = fc.integer({ min: 0, max: 400 }).map((n) => `msg_${n}`);
const steps = fc.array(fc.record({ key: keys, adds: fc.boolean() }), { maxLength: 2_000 });

test('a table holds what a Map would', () => {
  fc.assert(
    fc.property(steps, (each) => {
      const table = new TextTable<number>();
      const map = new Map<string, number>();
      each.forEach(({ key, adds }, i) => {
        if (adds && !map.has(key)) {
          table.add(key, i);
          map.set(key, i);
        } else if (!adds) {
          table.delete(key);
          map.delete(key);
        }
        assert.equal(table.get(key), map.get(key));
        assert.equal(table.size, map.size);
      });
      const sorted = (values: Iterable<number>) => [...values].sort((a, b) => a - b);
      for (const [key, value] of map) assert.equal(table.get(key), value);
      assert.deepEqual(sorted(table.clear()), sorted(map.values()));
      assert.equal(table.size, 0);
    }),
  );
});

test('more keys than chains are told apart', () => {
  const table = new TextTable<number>();
  for (let i = 0; i < 50_000; i++) table.add(`key ${i}`, i);
  for (let i = 0; i < 50_000; i += 7) assert.equal(table.get(`key ${i}`), i);
  for (let i = 0; i < 50_000; i += 2) table.delete(`key ${i}`);
  assert.equal(table.size, 25_000);
  assert.equal(table.get('key 2'), undefined);
  assert.equal(table.get('key 3'), 3);
});
