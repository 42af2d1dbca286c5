import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { SendAnswer, WaitAnswer } from '../api/driver.js';
import { CliProcess, ServeProcess } from '../cli/cli-process.js';
import { eventually } from '../support/eventually.js';
import { sampleAgent } from '../support/guests.js';
import { call, deployForm, type RestAnswer, request } from '../support/rest-client.js';
import { limitedDisk, mountedDisk, mountsSkipped, type SmallDisk } from '../support/small-disk.js';
import { connect } from '../support/ws-client.js';
import { historyOf } from './load.js';

/** So large that room ahead of the store is soon used up. */
const CONTENT = 'x'.repeat(200_000);

interface ErrorAnswer {
  readonly error: { readonly code: string; readonly message: string; readonly details: object };
}

/** A client of a server whose disk is full at times. */
class Sender {
  readonly persisted = new Set<string>();
  readonly #server: ServeProcess;

  constructor(server: ServeProcess) {
    this.#server = server;
  }

  get<T>(path: string): Promise<T> {
    return call(`${this.#server.url}${path}`, 'GET');
  }

  async text(path: string): Promise<string> {
    return (await request(`${this.#server.url}${path}`, 'GET')).text;
  }

  /** Sends a message that shall be on the disk when it is answered. */
  async persist(): Promise<RestAnswer> {
    const answer = await request(`${this.#server.url}/api/v1/messages`, 'POST', {
      performative: 'inform',
      sender: 'persisting',
      receiver: 'counter',
      content: CONTENT,
      options: { persist: true },
    });
    if (answer.status === 200) this.persisted.add((answer.body as SendAnswer).message_id);
    return answer;
  }

  async count(action: object): Promise<number> {
    const message = { performative: 'request', sender: 'counting', receiver: 'counter' };
    const { reply } = await call<WaitAnswer>(
      `${this.#server.url}/api/v1/messages?wait=true`,
      'POST',
      { ...message, content: action },
    );
    return (reply.content as { count: number }).count;
  }

  async checkHistory(): Promise<void> {
    const history = await historyOf(this.#server.url, 'persisting');
    const ids = history.map(({ message_id }) => message_id);
    assert.equal(new Set(ids).size, ids.length, 'nothing is there twice');
    for (const id of this.persisted) assert.ok(ids.includes(id), `${id} is lost`);
  }
}

/** Persists until the disk takes no more; then every such send is refused before anything is done. */
async function persistUntilRefused(sender: Sender, disk: SmallDisk): Promise<void> {
  const refused = await eventually('the disk takes no more', async () => {
    const answer = await sender.persist();
    return answer.status === 503 && answer.headers.has('retry-after') && answer;
  });
  assert.equal(refused.headers.get('retry-after'), '5');
  const { error } = refused.body as ErrorAnswer;
  assert.equal(error.code, 'UNAVAILABLE');
  assert.match(error.message, disk.refusal);
  assert.match(error.message, /Nothing was done/);
}

async function checkDegraded(sender: Sender, server: ServeProcess, disk: SmallDisk) {
  for (const path of ['/readyz', '/api/v1/status']) {
    const { status, reason } = await sender.get<{ status: string; reason: string }>(path);
    assert.equal(status, 'degraded', path);
    assert.match(reason, disk.refusal);
  }
  assert.match(await sender.text('/metrics'), /^caxton_store_failing 1$/m);
  assert.match(server.process.stderr, /"the store can’t write; it tries again"/);
}

async function fullDiskIsSurvived(disk: SmallDisk): Promise<void> {
  let server = await ServeProcess.start([], disk.folder);
  const { pid } = server.process.child;
  assert.ok(pid !== undefined);
  try {
    let sender = new Sender(server);
    const form = deployForm(sampleAgent('counter'), { name: 'counter' });
    await call(`${server.url}/api/v1/agents`, 'POST', form);
    const watcher = await connect(`${server.url.replace('http', 'ws')}/ws`);
    await watcher.ask({ type: 'subscribe', id: 'alerts', events: ['system.alert'] });
    const alert = (state: string) =>
      watcher.take(`store_failing ${state}`, ({ type, ...frame }) => {
        const { details } = (frame.event ?? frame) as { details?: Record<string, unknown> };
        return details?.condition === 'store_failing' && details.state === state;
      });
    assert.equal((await sender.persist()).status, 200);

    for (let round = 1; round <= 2; round++) {
      disk.fill(pid);
      await persistUntilRefused(sender, disk);
      await checkDegraded(sender, server, disk);
      await alert('begun');
      // All but the disk goes on.
      assert.equal(await sender.count({ action: 'add', amount: 1 }), round);
      await sender.checkHistory();

      disk.free(pid);
      await eventually('messages are persisted again', async () => {
        return (await sender.persist()).status === 200;
      });
      await alert('ended');
      assert.equal((await sender.get<{ status: string }>('/readyz')).status, 'ready');
      assert.match(await sender.text('/metrics'), /^caxton_store_failing 0$/m);
    }
    await sender.checkHistory();
    await watcher.close();

    // What was acknowledged is on the disk, and what was counted while it was full as well.
    const { persisted } = sender;
    await server.process.signal('SIGKILL');
    server = await ServeProcess.start([], disk.folder);
    sender = new Sender(server);
    for (const id of persisted) sender.persisted.add(id);
    await sender.checkHistory();
    assert.equal(await sender.count({ action: 'get' }), 2);
  } finally {
    await server.process.signal('SIGKILL');
  }
}

test('a server whose files may not grow says so, keeps all it acknowledged, and goes on when they may', async () => {
  const disk = limitedDisk();
  try {
    await fullDiskIsSurvived(disk);
  } finally {
    disk.close();
  }
});

test('a server on a full disk says so, keeps all it acknowledged, and goes on when there is room', {
  skip: mountsSkipped,
}, async () => {
  const disk = mountedDisk(40);
  try {
    await fullDiskIsSurvived(disk);
  } finally {
    disk.close();
  }
});

test('a server starts on a full disk with what it has, and not without a store', {
  skip: mountsSkipped,
}, async () => {
  const disk = mountedDisk(24);
  try {
    const first = await ServeProcess.start([], disk.folder);
    const form = deployForm(sampleAgent('counter'), { name: 'counter' });
    await call(`${first.url}/api/v1/agents`, 'POST', form);
    const before = new Sender(first);
    assert.equal(await before.count({ action: 'add', amount: 7 }), 7);
    await before.persist();
    await first.process.signal('SIGTERM');

    disk.fill(0);
    const again = await ServeProcess.start([], disk.folder);
    const sender = new Sender(again);
    for (const id of before.persisted) sender.persisted.add(id);
    assert.equal(await sender.count({ action: 'get' }), 7);
    await sender.checkHistory();
    await again.process.signal('SIGKILL');

    rmSync(join(disk.folder, 'data'), { recursive: true });
    disk.fill(0);
    const fresh = new CliProcess([
      ...['serve', '--http', '127.0.0.1:0', '--grpc', '127.0.0.1:0'],
      ...['--data', join(disk.folder, 'data')],
    ]);
    const { code, stderr } = await fresh.exited;
    assert.equal(code, 1, stderr);
    assert.match(stderr, /error UNAVAILABLE: .*the disk is full \(ENOSPC.*Make room, or name/);
  } finally {
    disk.close();
  }
});
