import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { call, deployForm } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect, type WsClient } from '../support/ws-client.js';

const SENDER = 'pair';
// By the length of a message: a long one takes about a millisecond, a longer one traps.
const SLOW_BYTES = 2_000;
const TRAP_BYTES = 4_000;

let server: TestServer;
let client: WsClient;
before(async () => {
  server = await startTestServer();
  const guest = new GuestBuilder();
  const send = guest.use('send_message');
  const answer = guest.json({ performative: 'inform', receiver: SENDER });
  const source = guest.build(`
    (local $rounds i32)
    (if (i32.gt_u (local.get $len) (i32.const ${TRAP_BYTES})) (then (unreachable)))
    (if (i32.gt_u (local.get $len) (i32.const ${SLOW_BYTES})) (then
      (local.set $rounds (i32.const 400000))
      (loop $again
        (br_if $again (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))))
    (call ${send} ${answer})`);
  const form = deployForm(await compileWat('moody', source), { name: 'moody' });
  await call(`${server.url}/api/v1/agents`, 'POST', form);
  client = await connect(server.wsUrl);
  await client.ask({ type: 'subscribe', id: 1, client_id: SENDER });
});
after(async () => {
  await client?.close();
  await server?.close();
});

let sequence = 0;

/** Sends messages of these lengths and gives the places in the order in which they were answered. */
async function answersTo(lengths: readonly number[]): Promise<number[]> {
  client.received.length = 0;
  const messages = lengths.map((length) => ({
    performative: 'request',
    sender: SENDER,
    receiver: 'moody',
    reply_with: String(sequence++),
    content: 'x'.repeat(length),
  }));
  client.send(encode(messages.map((message) => ({ message }))));
  const answers = () => client.received.filter(({ type }) => type === 'message');
  await eventually('all are answered', () => answers().length >= lengths.length);
  return answers().map(({ message }) => Number((message as { in_reply_to: string }).in_reply_to));
}

test('frames that come back once more keep their place before those that still wait', async () => {
  const quick = (count: number): number[] => new Array(count).fill(1);
  // A quick agent gets many frames at once; the slow message makes its window small again, so that
  // the next trap finds only some of the returned frames in the ring.
  await answersTo(quick(300));
  for (let round = 0; round < 2; round++) {
    const order = await answersTo([
      ...[SLOW_BYTES, TRAP_BYTES],
      ...quick(4),
      ...[TRAP_BYTES],
      ...quick(200),
    ]);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => a - b),
    );
  }
});
