import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventRecord, type StreamedEvent } from '../../../src/runtime/streamed-event.js';
import type { UwsWebSocket } from '../../../src/transport/uws-loader.js';
import { Outbox } from '../../../src/transport/ws/outbox.js';
import { Turn } from '../../../src/transport/ws/turn.js';
import { eventually } from '../../support/eventually.js';

/** Keeps what is done to it; corked frames leave as one write. */
class Socket implements UwsWebSocket<unknown> {
  readonly writes: string[][] = [];
  buffered = 0;
  #corked: string[] | undefined;

  send(message: string | Uint8Array): number {
    // As the library does, before it returns.
    const frame = typeof message === 'string' ? message : Buffer.from(message).toString();
    if (this.#corked === undefined) this.writes.push([frame]);
    else this.#corked.push(frame);
    return 1;
  }

  cork(handler: () => void): void {
    this.#corked = [];
    handler();
    this.writes.push(this.#corked);
    this.#corked = undefined;
  }

  end(code: number): void {
    this.writes.push([`close ${code}`]);
  }

  getBufferedAmount(): number {
    return this.buffered;
  }

  getUserData(): unknown {
    return undefined;
  }
}

const IDS = ['sub_00000000000000000000000001', 'sub_00000000000000000000000002'] as const;
const event = (sequence: number, name = 'ü') =>
  new EventRecord('agent.deployed', sequence, 0, { agent_id: 'a', name });
const put = (outbox: Outbox, one: StreamedEvent, id: string) =>
  outbox.putEvent(one, Buffer.from(id, 'latin1'));

test('frames of one turn leave in one write for each connection, in their order', async () => {
  const turn = new Turn();
  const sockets = [new Socket(), new Socket()] as const;
  const outboxes = sockets.map((socket) => new Outbox(socket, turn));
  const [first, second] = [event(1), event(2)];
  for (const outbox of outboxes) {
    outbox.put('before');
    put(outbox, first, IDS[0]);
    put(outbox, first, IDS[1]);
    await Promise.resolve();
    put(outbox, second, IDS[0]);
    outbox.put(Buffer.from('behind'));
  }
  assert.deepEqual(sockets[0].writes, []);
  await eventually('the turn ends', () => sockets[1].writes.length > 0);
  for (const { writes } of sockets) {
    assert.deepEqual(writes, [
      ['before', first.json(IDS[0]), first.json(IDS[1]), second.json(IDS[0]), 'behind'],
    ]);
  }
});

test('what was put is sent before the connection is closed, and nothing after', async () => {
  const turn = new Turn();
  const [socket, other] = [new Socket(), new Socket()];
  const outbox = new Outbox(socket, turn);
  outbox.put('answer');
  put(outbox, event(1), IDS[0]);
  outbox.end(1001, 'the server stops');
  outbox.put('late');
  put(outbox, event(2), IDS[0]);
  new Outbox(other, turn).put('of another');
  await eventually('the turn ends', () => other.writes.length > 0);
  assert.deepEqual(socket.writes, [['answer', event(1).json(IDS[0])], ['close 1001']]);
});

test('of a connection that is gone the socket is not touched', async () => {
  const turn = new Turn();
  const [socket, other] = [new Socket(), new Socket()];
  const outbox = new Outbox(socket, turn);
  outbox.put('answer');
  outbox.closed();
  new Outbox(other, turn).put('of another');
  await eventually('the turn ends', () => other.writes.length > 0);
  assert.deepEqual(socket.writes, []);
});

test('much in one turn does not wait for its end, and counts as pending until it is taken', () => {
  const socket = new Socket();
  const outbox = new Outbox(socket, new Turn());
  const large = event(1, 'x'.repeat(20_000));
  put(outbox, large, IDS[0]);
  assert.equal(outbox.pendingBytes, Buffer.byteLength(large.json(IDS[0])));
  assert.deepEqual(socket.writes, []);
  socket.buffered = 7;
  put(outbox, large, IDS[1]);
  assert.deepEqual(socket.writes, [[large.json(IDS[0]), large.json(IDS[1])]]);
  assert.equal(outbox.pendingBytes, 7);
  outbox.put('more');
  assert.equal(outbox.pendingBytes, 7 + 'more'.length);
});
