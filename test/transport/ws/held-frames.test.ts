import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { HeldFrames } from '../../../src/transport/ws/held-frames.js';
import { eventually } from '../../support/eventually.js';
import { sampleAgent } from '../../support/guests.js';
import { call, deployForm } from '../../support/rest-client.js';
import { startTestServer } from '../../support/server.js';
import { whileStalled } from '../../support/stalled-store.js';
import { connect, type ReceivedFrame } from '../../support/ws-client.js';

const BATCH = Buffer.from(encode(new Array(40).fill({ message: {} })));
const TEXT = Buffer.from('{"type":"ping"}');

function held(boundBytes = 1_000_000) {
  const state = { room: false, taken: [] as string[] };
  const frames = new HeldFrames({
    hasRoom: () => state.room,
    boundBytes,
    take: (bytes) => state.taken.push(bytes.equals(TEXT) ? 'text' : 'batch'),
  });
  return { state, frames };
}

test('while there is room, and for frames that are no batch, nothing is held', () => {
  const { state, frames } = held();
  assert.equal(frames.holds(TEXT, false), false);
  assert.equal(frames.holds(Buffer.from(encode([{ message: {} }])), true), false);
  state.room = true;
  assert.equal(frames.holds(BATCH, true), false);
});

test('a batch that has no room waits for it, and what follows waits behind it', async () => {
  const { state, frames } = held();
  assert.equal(frames.holds(BATCH, true), true);
  assert.equal(frames.holds(TEXT, false), true);
  assert.deepEqual(state.taken, []);
  state.room = true;
  await eventually('both are taken', () => state.taken.length === 2);
  assert.deepEqual(state.taken, ['batch', 'text']);
  assert.equal(frames.holds(BATCH, true), false);
});

test('when too much waits all of it is taken, in order', () => {
  const { state, frames } = held(BATCH.length + TEXT.length);
  assert.equal(frames.holds(BATCH, true), true);
  assert.equal(frames.holds(TEXT, false), true);
  assert.equal(frames.holds(BATCH, true), false);
  assert.deepEqual(state.taken, ['batch', 'text']);
  frames.clear();
});

test('nothing waits for ever', async () => {
  const { state, frames } = held();
  assert.equal(frames.holds(BATCH, true), true);
  await eventually('it is taken', () => state.taken.length === 1);
});

test('of a connection that is gone nothing is taken', async () => {
  const { state, frames } = held();
  frames.holds(BATCH, true);
  frames.clear();
  state.room = true;
  const other = held();
  other.frames.holds(BATCH, true);
  other.state.room = true;
  await eventually('another is taken', () => other.state.taken.length === 1);
  assert.deepEqual(state.taken, []);
});

test('a batch that comes while the history stands still is accepted when it goes on', async () => {
  const server = await startTestServer();
  try {
    const resources = { mailbox: 20_000 };
    for (let i = 0; i < 6; i++) {
      const form = deployForm(sampleAgent('echo'), { name: `echo-${i}`, resources });
      await call(`${server.url}/api/v1/agents`, 'POST', form);
    }
    const client = await connect(server.wsUrl);
    const send = (receiver: string, content: unknown) => ({
      message: { performative: 'inform', receiver, content },
    });
    await whileStalled(server.dataDir, async () => {
      const content = 'x'.repeat(900_000);
      for (let i = 0, full = false; !full; i++) {
        const answer = await client.ask({ type: 'send', id: i, ...send(`echo-${i % 6}`, content) });
        full = answer.type === 'error';
        const { error } = answer as { error?: { code: string } };
        if (full) assert.equal(error?.code, 'UNAVAILABLE', JSON.stringify(error));
      }
      // More than what is left when the large message had no room.
      const rest = 'x'.repeat(30_000);
      client.send(encode(Array.from({ length: 100 }, () => send('echo-0', rest))));
      client.send({ type: 'ping', id: 'behind' });
    });
    const ack = (await client.take('the ack', () => true)) as ReceivedFrame & { errors: unknown[] };
    assert.deepEqual([ack.type, ack.count, ack.errors], ['ack', 100, []]);
    assert.equal((await client.take('the pong', () => true)).id, 'behind');
    await client.close();
  } finally {
    await server.close();
  }
});
