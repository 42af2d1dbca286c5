import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { eventually } from '../../support/eventually.js';
import { RawHttp } from '../../support/raw-http.js';

const MAIN = fileURLToPath(new URL('../../../src/cli/main.js', import.meta.url));
const OPEN_FILES = 200;
const CONNECTIONS = 400;

test('connections that take the last open file leave those that are there alone, and new ones in when they go', async (context) => {
  if (process.platform !== 'linux') return context.skip('needs /proc');
  const folder = mkdtempSync(join(tmpdir(), 'caxton-files-'));
  const serve = `${MAIN} serve --http 127.0.0.1:0 --grpc 127.0.0.1:0 --workers 1 --data ${folder}/data`;
  const child = spawn('sh', ['-c', `ulimit -n ${OPEN_FILES}; exec ${process.execPath} ${serve}`], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
  }
  const exited = once(child, 'exit');
  const flood: Socket[] = [];
  try {
    const { url, grpcPort } = await eventually('the server listens', () => {
      const match = /REST (\S+) · gRPC \S+:(\d+)/.exec(said);
      if (child.exitCode !== null) throw new Error(said);
      return match ? { url: match[1]!, grpcPort: Number(match[2]) } : undefined;
    });
    for (const port of [Number(new URL(url).port), grpcPort]) {
      const before = await RawHttp.connect(url);
      const answered = async (): Promise<void> => {
        before.write('GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n');
        assert.equal((await before.takeAnswer()).status, 200);
      };
      await answered();
      for (let i = 0; i < CONNECTIONS; i++) {
        const socket = connect(port, '127.0.0.1');
        socket.on('error', () => {});
        flood.push(socket);
      }
      const files = () => readdirSync(`/proc/${child.pid}/fd`).length;
      await eventually('no file can be opened any more', () => files() >= OPEN_FILES - 1);
      // Over a look at the memory, of which there is one each second.
      for (let i = 0; i < 5; i++) {
        await answered();
        await sleep(300);
      }
      before.close();
      for (const socket of flood.splice(0)) socket.destroy();
      await eventually('a new connection is served', async () => {
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) });
        return answer.status === 200;
      });
    }
    assert.equal(child.exitCode, null, said);
  } finally {
    for (const socket of flood) socket.destroy();
    child.kill();
    const [code] = await exited;
    rmSync(folder, { recursive: true, force: true });
    assert.equal(code, 0, said);
  }
});
