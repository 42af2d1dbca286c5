import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { ServeProcess } from './cli-process.js';

const TOKEN = 'a-token-that-nobody-shall-read';

for (const args of [['--token', TOKEN], [`--token=${TOKEN}`]]) {
  test(`the list of processes doesn't show what is given as ${args[0]!.slice(0, 8)}${args.length}`, async (context) => {
    if (process.platform !== 'linux') return context.skip('needs /proc');
    const server = await ServeProcess.start();
    const client = server.spawn(['events', 'stream', ...args]);
    try {
      const shown = await eventually('the token is taken out', () => {
        const line = readFileSync(`/proc/${client.child.pid}/cmdline`, 'utf8');
        return line !== '' && !line.includes(TOKEN) && line;
      });
      assert.match(shown, /caxton events stream --token[ =]\*\*\*/);
    } finally {
      await client.signal('SIGTERM');
      await server.close();
    }
  });
}
