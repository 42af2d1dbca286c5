import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { contentValue, emptyMessage, type Message } from '../../src/fipa/message.js';
import { Conversations } from '../../src/runtime/conversations.js';
import { EventBus } from '../../src/runtime/events.js';
import { eventually } from '../support/eventually.js';
import { GuestBuilder } from '../support/guest-builder.js';
import { compileWat } from '../support/guests.js';
import { refusal, type TestRuntime, withRuntime } from '../support/runtime.js';

const REQUEST = 'fipa-request';
const NET = 'fipa-contract-net';

/** Clients that may be written to. */
function meet(test: TestRuntime, ...names: string[]): void {
  for (const name of names) test.runtime.clients.see(name);
}

/** Sends `act` from one client to another in a conversation under a protocol. */
function say(
  test: TestRuntime,
  conversation: string,
  [sender, performative, receiver]: readonly [string, string, string],
  fields: object = {},
): Promise<unknown> {
  return test.send(receiver, null, {
    performative,
    sender,
    conversation_id: conversation,
    protocol: NET,
    ...fields,
  });
}

const typesOf = (events: readonly { readonly type: string }[]): string[] =>
  events.map(({ type }) => type);

describe('conversations under a protocol', () => {
  it('are told of when they start and when they are completed', async () => {
    await withRuntime({}, async (test) => {
      const { agentId } = await test.deploy('echo');
      const events = test.events('conversation.*');
      const { reply } = await test.ask('echo', 1, { protocol: REQUEST });
      // The echo's inform names no protocol and belongs to it all the same.
      assert.equal(reply.protocol, '');
      assert.deepEqual(typesOf(events), ['conversation.started', 'conversation.completed']);
      const [started, completed] = events;
      assert.equal(started?.protocol, REQUEST);
      assert.equal(started?.initiator, 'tester');
      assert.equal(started?.to, agentId);
      assert.equal(completed?.from, agentId);
      assert.equal(completed?.performative, 'inform');
      assert.equal(completed?.conversation_id, reply.conversationId);
    });
  });

  it('that break it are told of in the mode warn, and go on', async () => {
    await withRuntime({}, async (test) => {
      meet(test, 'ann', 'bob');
      const events = test.events('conversation.*');
      await say(test, 'c', ['ann', 'accept-proposal', 'bob']);
      await say(test, 'c', ['ann', 'cfp', 'bob']);
      await say(test, 'c', ['ann', 'accept-proposal', 'bob']);
      await say(test, 'c', ['bob', 'propose', 'ann']);
      assert.deepEqual(typesOf(events), [
        'conversation.violation',
        'conversation.started',
        'conversation.violation',
      ]);
      assert.equal(events[0]?.state, 'start');
      assert.deepEqual(events[0]?.legal_acts, ['cfp']);
      assert.equal(events[2]?.state, 'called');
      assert.equal(events[2]?.refused, false);
      assert.equal((await test.history({ conversationId: 'c' })).length, 4);
    });
  });

  it('that break it are refused in the mode enforce, and nothing changes', async () => {
    await withRuntime({ protocols: { mode: 'enforce' } }, async (test) => {
      meet(test, 'ann', 'bob');
      const events = test.events('conversation.violation', 'message.*');
      await say(test, 'c', ['ann', 'cfp', 'bob']);
      const told = events.length;
      await assert.rejects(
        say(test, 'c', ['ann', 'accept-proposal', 'bob']),
        refusal('CONFLICT', { field: 'performative', state: 'called', protocol: NET }),
      );
      assert.deepEqual(typesOf(events.slice(told)), ['conversation.violation']);
      assert.equal(events.at(-1)?.refused, true);
      await assert.rejects(
        test.ask('bob', null, { performative: 'inform', protocol: REQUEST }),
        (error) => {
          assert.deepEqual((error as { details: { legal_acts: string[] } }).details.legal_acts, [
            'request',
          ]);
          return refusal('CONFLICT', { state: 'start', role: 'initiator' })(error);
        },
      );
      assert.equal((await test.history({ conversationId: 'c' })).length, 1);
      await say(test, 'c', ['bob', 'propose', 'ann']);
      await say(test, 'c', ['ann', 'accept-proposal', 'bob']);
    });
  });

  it('are left alone in the mode off, where reply_by still holds', async () => {
    await withRuntime({ protocols: { mode: 'off' } }, async (test) => {
      meet(test, 'ann', 'bob');
      const events = test.events('conversation.*');
      await say(test, 'c', ['ann', 'accept-proposal', 'bob']);
      await say(test, 'c', ['ann', 'cfp', 'bob'], { reply_by: '2020-01-01T00:00:00Z' });
      await eventually('the timeout is told', () => events.length > 0);
      assert.deepEqual(typesOf(events), ['conversation.timeout']);
    });
  });

  it('under a protocol that is not known pass unchecked', async () => {
    await withRuntime({ protocols: { mode: 'enforce' } }, async (test) => {
      meet(test, 'ann', 'bob');
      await say(test, 'c', ['ann', 'cfp', 'bob']);
      await say(test, 'c', ['ann', 'confirm', 'bob'], { protocol: 'house-rules' });
      await say(test, 'c', ['eve', 'confirm', 'bob'], { protocol: '' });
    });
  });

  it('hold agents to it: what they may not say becomes a dead letter', async () => {
    await withRuntime({ protocols: { mode: 'enforce' } }, async (test) => {
      const { agentId } = await test.deploy('echo');
      await test.send('echo', 1, { performative: 'cfp', protocol: NET, conversation_id: 'c' });
      const [letter] = await eventually('the inform is buried', async () => {
        const letters = await test.deadLetters();
        return letters.length > 0 && letters;
      });
      assert.equal(letter?.error.code, 'CONFLICT');
      assert.equal(letter?.message.sender, agentId);
      assert.equal(letter?.message.performative, 'inform');
      const inform = { conversationId: 'c', performative: 'inform' } as const;
      assert.deepEqual(await test.history(inform), []);
    });
  });

  it('do not end when an agent is told that what it said was refused', async () => {
    await withRuntime({ protocols: { mode: 'enforce' } }, async (test) => {
      meet(test, 'bob');
      const builder = new GuestBuilder();
      const send = builder.use('send_message');
      const talk = { receiver: 'bob', protocol: NET, conversation_id: 'c' };
      const call = builder.json({ ...talk, performative: 'cfp' });
      const early = builder.json({ ...talk, performative: 'accept-proposal' });
      const caller = builder.build(`(drop (call ${send} ${call})) (call ${send} ${early})`);
      const { agentId } = await test.deploy(await compileWat('caller', caller), { name: 'caller' });
      await test.send('caller', 1, { performative: 'inform' });
      await eventually('the agent is told', async () => {
        const found = await test.history({ conversationId: 'c', performative: 'failure' });
        return found.length > 0;
      });
      // The caller says the same again at the proposal, and now it is legal: soon or already.
      for (const states of [['called'], ['proposed', 'accepted']]) {
        const view = await test.runtime.conversations.find({
          conversationId: 'c',
          order: 'asc',
          limit: 9,
        });
        assert.equal(view?.state, 'active');
        assert.ok(states.includes(view?.participants[1]?.state ?? ''), states.join());
        if (states.includes('called')) await say(test, 'c', ['bob', 'propose', agentId]);
      }
    });
  });

  it('end for a participant whose failure the server tells of, in any mode', async () => {
    await withRuntime({ protocols: { mode: 'enforce' } }, async (test) => {
      await test.deploy('returns-nonzero', { name: 'brick' });
      const events = test.events('conversation.*');
      const { reply } = await test.ask('brick', 1, { performative: 'cfp', protocol: NET });
      assert.equal(reply.performative, 'failure');
      assert.deepEqual(typesOf(events), ['conversation.started', 'conversation.completed']);
    });
  });

  it('reach all providers by broadcast, with a state for each', async () => {
    await withRuntime({ protocols: { mode: 'enforce' } }, async (test) => {
      for (const name of ['a', 'b', 'c']) {
        await test.deploy('bidder', { name, environment: { capability: 'work' } });
      }
      const events = test.events('conversation.*');
      const fields = { protocol: NET, conversation_id: 'c', sender: 'ann' };
      await test.send('broadcast:work', { size: 1 }, { ...fields, performative: 'cfp' });
      const bids = await eventually('three bids', async () => {
        const found = await test.history({ conversationId: 'c', performative: 'propose' });
        return found.length === 3 && found;
      });
      // Refused as a whole: it would be legal for none of them.
      await assert.rejects(
        test.send('broadcast:work', null, { ...fields, performative: 'cfp' }),
        refusal('CONFLICT', { state: 'proposed' }),
      );
      for (const { sender } of bids.slice(1)) {
        await test.send(sender, null, { ...fields, performative: 'reject-proposal' });
      }
      const winner = { ...fields, performative: 'accept-proposal' };
      await test.ask(bids[0]!.sender, { size: 1 }, winner, { until: 'final' });
      assert.equal((await test.history({ conversationId: 'c', performative: 'cfp' })).length, 3);
      assert.deepEqual(typesOf(events), [
        'conversation.started',
        'conversation.violation',
        'conversation.completed',
      ]);
      assert.equal(events.at(-1)?.participants, 3);
    });
  });

  it('that are idle expire, and are begun anew after that', async () => {
    await withRuntime({ protocols: { idle_timeout: 100, mode: 'enforce' } }, async (test) => {
      meet(test, 'ann', 'bob');
      const events = test.events('conversation.*');
      await say(test, 'c1', ['ann', 'cfp', 'bob']);
      await say(test, 'c2', ['ann', 'cfp', 'bob']);
      const expired = await eventually('both expired', () => {
        const found = events.filter(({ type }) => type === 'conversation.expired');
        return found.length === 2 && found;
      });
      assert.deepEqual(
        expired.map(({ conversation_id, reason }) => [conversation_id, reason]),
        [
          ['c1', 'idle'],
          ['c2', 'idle'],
        ],
      );
      await assert.rejects(say(test, 'c1', ['bob', 'propose', 'ann']), refusal('CONFLICT'));
      await say(test, 'c1', ['ann', 'cfp', 'bob']);
    });
  });
});

describe('tracking', () => {
  function track(mode: 'warn' | 'off' = 'warn') {
    const events = new EventBus();
    const told: string[] = [];
    events.subscribe({ events: ['conversation.expired'] }, (json) => told.push(json));
    const conversations = new Conversations({
      protocols: { mode, idle_timeout_ms: 3_600_000 },
      events,
      resolveName: (name) => name,
      reportFailure: () => assert.fail('nothing is awaited'),
    });
    const say = (conversationId: string, fields: Partial<Message> = {}): boolean => {
      const message = {
        ...emptyMessage('cfp'),
        ...{ sender: 'ann', receiver: 'bob', protocol: NET, conversationId },
        ...fields,
      };
      const verdict = conversations.check(message, 'own');
      conversations.accepted(message, verdict);
      return verdict !== undefined;
    };
    return { conversations, told, say };
  }

  it('is left to messages that name a protocol, and to what answers them', () => {
    const { conversations, say } = track();
    assert.ok(!say('plain', { protocol: '' }));
    assert.ok(!say('house', { protocol: 'house-rules' }));
    assert.ok(say('c'));
    assert.ok(!say('plain', { protocol: '' }));
    const bid = { protocol: '', performative: 'propose', sender: 'bob', receiver: 'ann' } as const;
    assert.ok(say('c', bid));
    assert.equal(conversations.find('c')?.states.get('bob'), 'proposed');
    assert.equal(conversations.find('plain'), undefined);
    conversations.stop();
  });

  it('ends with the conversation', () => {
    const { conversations, say } = track();
    say('c');
    say('c', { performative: 'refuse', sender: 'bob', receiver: 'ann' });
    assert.equal(conversations.find('c'), undefined);
    conversations.stop();
  });

  it('forgets what is idle for longest when there are too many', () => {
    const { conversations, told, say } = track();
    const count = LIMITS.tracked_conversations;
    for (let i = 0; i < count; i++) say(`c${i}`);
    say('c0', { performative: 'propose', sender: 'bob', receiver: 'ann' });
    assert.deepEqual(told, []);
    say('one-more');
    assert.equal(told.length, 1);
    const { conversation_id, reason } = JSON.parse(told[0]!) as Record<string, string>;
    assert.deepEqual([conversation_id, reason], ['c1', 'evicted']);
    assert.ok(conversations.find('c0') && conversations.find('one-more'));
    conversations.stop();
  });

  it('forgets what is idle for longest when they have too many participants', () => {
    const { conversations, told, say } = track();
    const most = LIMITS.conversation_participants;
    const full = Math.floor(LIMITS.tracked_participants / most);
    for (let i = 0; i < full; i++) {
      for (let j = 0; j < most; j++) say(`c${i}`, { receiver: `b${j}` });
    }
    assert.deepEqual(told, []);
    say('one-more');
    assert.equal(told.length, 1);
    assert.equal(conversations.find('c0'), undefined);
    conversations.stop();
  });
});

describe('reply_by', () => {
  it('that passes without an answer gets the sender a failure of code TIMEOUT', async () => {
    await withRuntime({}, async (test) => {
      meet(test, 'mute');
      const events = test.events('conversation.*');
      const reply_by = new Date(Date.now() + 30).toISOString();
      const { reply, messageId } = await test.ask('mute', 1, { reply_by, protocol: REQUEST });
      assert.equal(reply.performative, 'failure');
      assert.equal(reply.sender, 'mute');
      assert.equal(reply.inReplyTo, messageId);
      assert.equal(reply.protocol, REQUEST);
      const { error } = contentValue(reply) as { error: Record<string, string> };
      assert.equal(error.code, 'TIMEOUT');
      assert.equal(error.message_id, messageId);
      assert.equal(error.reply_by, reply_by);
      assert.deepEqual(typesOf(events), [
        'conversation.started',
        'conversation.timeout',
        'conversation.completed',
      ]);
      assert.deepEqual([events[1]?.to, events[1]?.message_id], ['mute', messageId]);
    });
  });

  it('holds for agents’ messages as well', async () => {
    await withRuntime({}, async (test) => {
      meet(test, 'mute');
      const builder = new GuestBuilder();
      const message = builder.json({
        performative: 'request',
        receiver: 'mute',
        reply_by: '2020-01-01T00:00:00Z',
      });
      const asker = builder.build(`(call ${builder.use('send_message')} ${message})`);
      const { agentId } = await test.deploy(await compileWat('asker', asker), { name: 'asker' });
      await test.send('asker', 1);
      const [failure] = await eventually('the agent is told', async () => {
        const found = await test.history({ receiver: 'asker', performative: 'failure' });
        return found.length > 0 && found;
      });
      assert.equal(failure?.receiver, agentId);
      assert.equal(failure?.sender, 'mute');
      const { error } = contentValue(failure!) as { error: { code: string } };
      assert.equal(error.code, 'TIMEOUT');
    });
  });

  it('that is met gets nobody a failure, and a late answer still comes', async () => {
    await withRuntime({}, async (test) => {
      await test.deploy('echo');
      meet(test, 'mute');
      const events = test.events('conversation.timeout');
      const met = { conversation_id: 'met', reply_by: '2100-01-01T00:00:00Z' };
      await test.ask('echo', 1, met);
      const view = await test.runtime.conversations.find({
        conversationId: 'met',
        order: 'asc',
        limit: 1,
      });
      assert.equal(view?.state, 'untracked', 'nothing is awaited any more');
      const missed = { conversation_id: 'late', reply_by: '2020-01-01T00:00:00Z' };
      await test.ask('mute', 1, { ...missed, reply_with: 'r' });
      assert.deepEqual(
        events.map((event) => event.conversation_id),
        ['late'],
      );
      const fields = { sender: 'mute', performative: 'inform', conversation_id: 'late' };
      await test.send('tester', 'sorry', { ...fields, in_reply_to: 'r' });
      assert.equal((await test.history({ conversationId: 'met' })).length, 2);
      assert.equal((await test.history({ conversationId: 'late' })).length, 3);
    });
  });

  it('holds for each receiver of a broadcast', async () => {
    await withRuntime({}, async (test) => {
      for (const name of ['silent', 'mute']) {
        await test.deploy('forwarder', { name, capabilities: ['work'] });
      }
      const events = test.events('conversation.*');
      const reply_by = new Date(Date.now() + 50).toISOString();
      const fields = { performative: 'cfp', protocol: NET, conversation_id: 'c', reply_by };
      await test.send('broadcast:work', { size: 1 }, fields);
      await eventually('it is over', () => events.at(-1)?.type === 'conversation.completed');
      const failures = await test.history({ conversationId: 'c', performative: 'failure' });
      assert.deepEqual(
        failures.map(({ sender }) => sender).sort(),
        ['silent', 'mute'].map((name) => test.runtime.agents.get(name).agentId).sort(),
      );
    });
  });
});
