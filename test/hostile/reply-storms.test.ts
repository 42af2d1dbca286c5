import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { encode } from '@msgpack/msgpack';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { call } from '../support/rest-client.js';
import { Neighbourhood } from './neighbourhood.js';

/** Agents that answer each other without end. */

const HOPS = 60;

interface Figures {
  readonly metrics: { readonly messages_processed: number };
}

interface Letter {
  readonly message_id: string;
  readonly agent_id: string;
  readonly error: { readonly code: string; readonly details: Readonly<Record<string, unknown>> };
}

let place: Neighbourhood;
let endless: Neighbourhood;
before(async () => {
  place = await Neighbourhood.start({ limits: { hops: HOPS } });
  endless = await Neighbourhood.start({ limits: { hops: 0 } });
});
after(async () => {
  await place?.close();
  await endless?.close();
});

/** Sends this for every message that it gets, a `failure` included. */
async function deploy(at: Neighbourhood, name: string, body: (guest: GuestBuilder) => string) {
  const guest = new GuestBuilder();
  return at.settle(await compileWat(name, guest.build(body(guest))), { name });
}

const sends =
  (receiver: string, fields: object = {}) =>
  (guest: GuestBuilder): string =>
    `(call ${guest.use('send_message')} ${guest.json({ performative: 'inform', receiver, ...fields })})`;

const processed = async (at: Neighbourhood, ...names: string[]): Promise<number> => {
  const figures = names.map((name) => call<Figures>(`${at.base}/agents/${name}`, 'GET'));
  return (await Promise.all(figures)).reduce((sum, one) => sum + one.metrics.messages_processed, 0);
};

/** How many messages they handled, once that stays the same. */
async function settled(...names: string[]): Promise<number> {
  let before = -1;
  return eventually('nothing more comes', async () => {
    await place.echoAnswers(5);
    const now = await processed(place, ...names);
    if (now === before) return now;
    before = now;
    return false;
  });
}

const letters = async (agent: string): Promise<readonly Letter[]> =>
  (await call<{ dead_letters: Letter[] }>(`${place.base}/dead-letters?agent=${agent}`, 'GET'))
    .dead_letters;

const begin = (at: Neighbourhood, receiver: string): Promise<unknown> => {
  const first = { performative: 'inform', receiver, sender: 'attacker', content: 0 };
  return call(`${at.base}/messages`, 'POST', first);
};

/** All that is said after one message from outside, and the failure that ends it. */
const SAID = 1 + HOPS + 1;

async function storm(first: string, ...others: string[]): Promise<void> {
  await begin(place, first);
  const all = [first, ...others];
  await eventually('it is over', async () => (await processed(place, ...all)) === SAID);
  assert.equal(await settled(...all), SAID, 'it is over for good');
  const dead = (await Promise.all(all.map(letters))).flat();
  // The one that was too far, and what was sent in answer to the failure that told of it.
  assert.equal(dead.length, 2);
  for (const { error } of dead) {
    assert.equal(error.code, 'RESOURCE_LIMIT_EXCEEDED');
    assert.deepEqual(error.details, { resource: 'hops', limit: HOPS });
  }
}

test('a reply storm between two agents is ended by the hop limit', async () => {
  await deploy(place, 'ping', sends('pong'));
  await deploy(place, 'pong', sends('ping'));
  await storm('ping', 'pong');
});

test('a reply storm is ended whatever form its messages have', async () => {
  // Not plain: an escape in a field, and MessagePack; both go by the decoder.
  await deploy(place, 'escaped', sends('packed', { ontology: '"' }));
  await deploy(place, 'packed', (guest) => {
    guest.export('caxton_encoding', '(i32.const 1)', '(result i32)');
    const message = encode({ performative: 'inform', receiver: 'escaped' });
    return `(call ${guest.use('send_message')} ${guest.text(message)})`;
  });
  await storm('escaped', 'packed');
});

test('an agent that answers itself without end is ended by the hop limit', async () => {
  await deploy(place, 'narcissus', sends('narcissus'));
  await storm('narcissus');
});

test('broadcasts that agents answer with broadcasts are ended by the hop limit', async () => {
  const broadcasts = (receiver: string) => (guest: GuestBuilder) =>
    `(drop (call ${guest.use('broadcast_message')} ${guest.json({ agents: [receiver] })}
      ${guest.json({ performative: 'inform' })})) (i32.const 0)`;
  await deploy(place, 'herald', broadcasts('crier'));
  await deploy(place, 'crier', broadcasts('herald'));
  await storm('herald', 'crier');
});

test('copies that agents make each other send are ended by the hop limit', async () => {
  const listens = (name: string, to: string) => {
    const guest = new GuestBuilder();
    const filter = guest.json({ agents: [to] });
    guest.export(
      'agent_init',
      `(call ${guest.use('subscribe_messages')} ${filter})`,
      '(result i32)',
    );
    return compileWat(name, guest.build(sends('sink')(guest))).then((module) =>
      place.settle(module, { name }),
    );
  };
  const sink = new GuestBuilder();
  await place.settle(await compileWat('sink', sink.build()), { name: 'sink' });
  await listens('spy', 'counterspy');
  await listens('counterspy', 'spy');
  await begin(place, 'spy');
  // The failure that tells of the first is copied as well.
  await eventually('it is over', async () => (await letters('sink')).length >= 2);
  const said = await settled('spy', 'counterspy', 'sink');
  assert.ok(said < 4 * SAID, `${said} messages`);
});

test('a storm that was ended goes on where somebody retries its dead letter', async () => {
  await deploy(place, 'again', sends('again'));
  await storm('again');
  const [letter] = await letters('again');
  await call(`${place.base}/dead-letters/${letter!.message_id}/retry`, 'POST', {});
  const twice = 2 * SAID;
  await eventually('it was ended again', async () => (await processed(place, 'again')) === twice);
});

test('a chain that a timer goes on with begins anew', async () => {
  await deploy(place, 'patient', (guest) => {
    const send = sends('patient')(guest);
    guest.add(`(func (export "handle_timer") (param i32) (result i32) ${send})`);
    const timer = `(call ${guest.use('set_timer')} (i64.const 1000))`;
    return `(drop ${timer}) (i32.const 0)`;
  });
  await begin(place, 'patient');
  const far = 2 * HOPS;
  await eventually('it goes on', async () => (await processed(place, 'patient')) > far);
  assert.deepEqual(await letters('patient'), []);
  await call(`${place.base}/agents/patient`, 'DELETE');
});

test('an agent that answers itself without end leaves its neighbours room where no limit is set', async () => {
  await deploy(endless, 'narcissus', sends('narcissus'));
  await begin(endless, 'narcissus');
  await endless.echoAnswers(50);
  // A hop takes two threads' turns, which may be long on a busy machine.
  const far = 100;
  await eventually('it goes on', async () => (await processed(endless, 'narcissus')) > far);
  await call(`${endless.base}/agents/narcissus`, 'DELETE');
  await endless.echoAnswers(5);
});
