import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { EventLog } from '../../src/runtime/event-log.js';
import { EventRecord } from '../../src/runtime/streamed-event.js';

const record = (sequence: number, text = ''): EventRecord =>
  new EventRecord('system.alert', sequence, 0, { message: text });

function sequences(log: EventLog, from: number): number[] {
  const found: number[] = [];
  let next = log.after(from);
  while (next !== undefined) {
    found.push(next.sequence);
    next = log.after(next.sequence);
  }
  return found;
}

test('the log holds the last events by number, and says behind which it is complete', () => {
  const log = new EventLog({ events: 3, bytes: 1_000_000 });
  log.start(1);
  assert.equal(log.floor, 1);
  for (let i = 1; i <= 5_000; i++) log.append(record(i * 10));
  assert.deepEqual(sequences(log, 0), [49_980, 49_990, 50_000]);
  assert.deepEqual(sequences(log, 49_985), [49_990, 50_000]);
  assert.deepEqual(sequences(log, 50_000), []);
  assert.equal(log.floor, 49_970);
});

test('long events count by their texts, wherever these are', () => {
  const log = new EventLog({ events: 1_000, bytes: 10_000 });
  log.start(0);
  for (let i = 1; i <= 100; i++) log.append(record(i, 'x'.repeat(2_000)));
  assert.ok(sequences(log, 0).length <= 5);
  const deep = new EventRecord('agent.failed', 101, 0, { error: { message: 'x'.repeat(9_000) } });
  log.append(deep);
  assert.deepEqual(sequences(log, 0), [101]);
});

test('a log that is stopped holds nothing', () => {
  const log = new EventLog({ events: 3, bytes: 10_000 });
  log.append(record(1));
  assert.deepEqual(sequences(log, 0), []);
  log.start(1);
  log.append(record(2));
  log.stop();
  assert.deepEqual(sequences(log, 0), []);
  assert.equal(log.floor, Number.POSITIVE_INFINITY);
});

test('what was sent of an event is not kept with it', () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const log = new EventLog({ events: 10_000, bytes: 10_000_000 });
  const id = Buffer.from('sub_1');
  const kept = (): number => {
    collect();
    return process.memoryUsage().arrayBuffers;
  };
  log.start(0);
  const before = kept();
  for (let i = 1; i <= 5_000; i++) {
    const event = record(i, 'x'.repeat(500));
    log.append(event);
    event.jsonFor(id);
    log.after(i - 1)?.jsonFor(id);
  }
  const grown = kept() - before;
  assert.ok(grown < 1_000_000, `${grown} bytes more`);
  assert.equal(sequences(log, 0).length, 5_000);
});
