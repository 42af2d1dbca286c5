import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { PERFORMATIVES } from '../../src/fipa/performative.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { call } from '../support/rest-client.js';
import { Neighbourhood } from './neighbourhood.js';

/** Agents that say anything at any moment; CAXTON_SEED repeats a run. */

const INVENTED = [
  '',
  ' ',
  'INFORM!',
  'accept',
  'cfp ',
  'null',
  '__proto__',
  'constructor',
  'ínform',
];
const ROUNDS = 5;

interface Letter {
  readonly message: { readonly sender: string };
  readonly error: { readonly code: string };
}

let place: Neighbourhood;
before(async () => {
  place = await Neighbourhood.start({ protocols: { mode: 'enforce' } });
  const sink = new GuestBuilder().build();
  await place.settle(await compileWat('sink', sink), { name: 'sink' });
});
after(() => place?.close());

function shuffled(acts: readonly string[], seed: number): string[] {
  let state = seed | 1;
  const next = (bound: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % bound;
  };
  const order = [...acts];
  for (let i = order.length - 1; i > 0; i--) {
    const j = next(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** Sends all of them in one conversation. @param result what it does with the number of refusals */
function chatter(acts: readonly string[], conversation: string, result: string): string {
  const guest = new GuestBuilder();
  const sends = acts.map((performative) => {
    const message = {
      performative,
      receiver: 'sink',
      protocol: 'fipa-request',
      conversation_id: conversation,
    };
    return `(if (call ${guest.use('send_message')} ${guest.json(message)})
      (then (local.set $refused (i32.add (local.get $refused) (i32.const 1)))))`;
  });
  // Once, and not again for each failure that it gets for that.
  guest.add('(global $said (mut i32) (i32.const 0))');
  return guest.build(`(local $refused i32)
    (if (global.get $said) (then (return (i32.const 0))))
    (global.set $said (i32.const 1))
    ${sends.join('\n')} ${result}`);
}

test('acts that do not exist are refused, and those that do are taken in any order', async (t) => {
  const seed = Number(process.env.CAXTON_SEED ?? randomInt(2 ** 31));
  t.diagnostic(`seed ${seed}`);
  for (let round = 0; round < ROUNDS; round++) {
    const acts = shuffled([...PERFORMATIVES, ...INVENTED], seed + round);
    const counts = `counts-${round}`;
    const counted = chatter(acts, `conv-${counts}`, '(local.get $refused)');
    await place.settle(await compileWat(counts, counted), { name: counts });
    const { reply } = await place.ask(counts, 'how many are refused?');
    const { error } = reply.content as { error: { agent_code: number } };
    assert.equal(error.agent_code, INVENTED.length);

    const name = `chatter-${round}`;
    const module = await compileWat(name, chatter(acts, `conv-${name}`, '(i32.const 0)'));
    const agentId = await place.settle(module, { name });
    const first = { performative: 'inform', receiver: name, sender: 'attacker', content: 0 };
    await call(`${place.base}/messages`, 'POST', first);
    // What the protocol forbids at its moment becomes a dead letter of the one it was for.
    await eventually('each of them was delivered or refused', async () => {
      const sent = `${place.base}/messages?sender=${agentId}&limit=500`;
      const { total } = await call<{ total: number }>(sent, 'GET');
      const dead = await call<{ dead_letters: Letter[] }>(
        `${place.base}/dead-letters?agent=sink&limit=500`,
        'GET',
      );
      const refused = dead.dead_letters.filter(({ message }) => message.sender === agentId);
      assert.ok(refused.every(({ error }) => error.code === 'CONFLICT'));
      // Beyond so many they are counted, and are no letters.
      const told = Math.min(PERFORMATIVES.length - total, LIMITS.refused_sends_buried);
      return total > 0 && total < PERFORMATIVES.length && refused.length === told;
    });
    await place.echoAnswers(2);
  }
});
