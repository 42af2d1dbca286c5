import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canReadMemory, linearBytes, readMemory } from '../../bench/harness/process-memory.js';

test('linear memories are the writable mappings in front of a large reservation', () => {
  const smaps = `7ec09c000000-7ec09c010000 rw-p 00000000 00:00 0
Rss:                  12 kB
7ec09c010000-7ec31c000000 ---p 00000000 00:00 0
Rss:                   0 kB
7ec400000000-7ec400010000 rw-p 00000000 00:00 0
Rss:                  64 kB
7ec400010000-7ec400020000 ---p 00000000 00:00 0
Rss:                   0 kB
7ec500000000-7ec500010000 r--p 00000000 00:00 0
Rss:                  64 kB
7ec500010000-7ec700000000 ---p 00000000 00:00 0
Rss:                   0 kB
`;
  assert.equal(linearBytes(smaps), 12 * 1024);
});

test('a memory of this process is found among its mappings', (t) => {
  if (!canReadMemory()) return t.diagnostic('there is no /proc here');
  const before = readMemory(process.pid);
  const memory = new WebAssembly.Memory({ initial: 64 });
  new Uint8Array(memory.buffer).fill(1);
  const after = readMemory(process.pid);
  assert.ok(after.residentBytes > 0);
  assert.ok(after.linearBytes - before.linearBytes >= 64 * 65_536);
});
