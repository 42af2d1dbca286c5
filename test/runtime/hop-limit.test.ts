import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { withRuntime } from '../support/runtime.js';

const HOPS = 20;

/** An agent that sends itself a message for each that it gets. */
async function narcissus(): Promise<Uint8Array> {
  const guest = new GuestBuilder();
  const message = guest.json({ performative: 'inform', receiver: 'narcissus' });
  return compileWat('narcissus', guest.build(`(call ${guest.use('send_message')} ${message})`));
}

test('an alert tells of a chain of messages that was ended, and many at once are one alert', () =>
  withRuntime({ limits: { hops: HOPS } }, async (test) => {
    const alerts = test.events('system.alert');
    const { agentId } = await test.deploy(await narcissus(), { name: 'narcissus' });
    const chains = 5;
    for (let i = 0; i < chains; i++) await test.send('narcissus', {}, { performative: 'inform' });
    const letters = await eventually('all have ended', async () => {
      const dead = await test.deadLetters('narcissus');
      return dead.length === 2 * chains && dead;
    });
    assert.ok(letters.every(({ message }) => message.receiver === agentId));
    assert.equal(test.runtime.agents.get('narcissus').messagesProcessed, chains * (HOPS + 2));
    const told = alerts.filter(
      ({ details }) => (details as { condition: string }).condition === 'hop_limit',
    );
    assert.ok(told.length >= 1 && told.length < chains, `${told.length} alerts`);
    const [first] = told;
    assert.equal(first!.severity, 'warning');
    assert.equal(first!.agent_id, agentId);
    const { message_id, conversation_id, ...rest } = first!.details as Record<string, unknown>;
    assert.match(String(message_id), /^msg_/);
    assert.match(String(conversation_id), /^conv_/);
    assert.deepEqual(rest, {
      condition: 'hop_limit',
      limit: HOPS,
      agent_id: agentId,
      receiver: 'narcissus',
      refused: 1,
    });
  }));
