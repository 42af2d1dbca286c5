import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRing } from '../../src/ring/layout.js';
import { RingProducer } from '../../src/ring/producer.js';
import { DiskRoom } from '../../src/store/disk-room.js';
import { RECORD_PUT, TABLE_AGENTS, writeRecordHeader } from '../../src/store/records.js';
import { StatusWords } from '../../src/store/status-words.js';
import { openTables } from '../../src/store/tables.js';
import { Writer } from '../../src/store/writer.js';
import { withFolder } from './support.js';

const LIMITS = { messages: 100, ageMs: 1_000_000, deadLetters: 10 };

test('the successor of a writer that died behind its commit says what is on disk', async () => {
  await withFolder(async (dir) => {
    const tables = openTables(join(dir, 'store.mdb'));
    const ring = createRing({ capacityBytes: 4_096, generation: 0 });
    const words = new StatusWords();
    const room = new DiskRoom(join(dir, 'store.mdb'));
    const begin = () => new Writer(tables, room, ring, words, 'session', LIMITS, assert.fail);
    const producer = new RingProducer(ring);
    const at = producer.reserve(32);
    writeRecordHeader(producer.view, at, RECORD_PUT, TABLE_AGENTS, 8, 8, 1);
    producer.commit(32);
    producer.publish();
    assert.equal(begin().writeGroup(), 'all');
    // It gave the ring's space back, and then it died.
    words.setCommitted(0);
    assert.equal(begin().writeGroup(), 'nothing');
    assert.equal(words.committed, 1);
    room.close();
    await tables.root.close();
  });
});
