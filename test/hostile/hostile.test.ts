import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { eventually } from '../support/eventually.js';
import { guest, guestNames } from '../support/guests.js';
import { call, request } from '../support/rest-client.js';
import { type Answers, EXPECTATIONS, type Fails, type Refused } from './expectations.js';
import { type Answered, assertFailure, Neighbourhood } from './neighbourhood.js';

const MIB = 1024 * 1024;
const RSS_GROWTH_MAX_BYTES = 400 * MIB;
/** To each guest; with that of the attack by all at once still fewer than the five that end it. */
const MESSAGES = 3;

interface ErrorAnswer {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: Readonly<Record<string, unknown>>;
  };
}

let place: Neighbourhood;
let rssAtStartBytes = 0;
const deployed = new Map<string, string>();

before(async () => {
  await Promise.all(guestNames().map(guest));
  place = await Neighbourhood.start();
  rssAtStartBytes = process.memoryUsage.rss();
});
after(() => place?.close());

async function expectRefusal(name: string, expected: Refused): Promise<void> {
  const answer = await place.deploy(await guest(name), { name });
  const { error } = answer.body as ErrorAnswer;
  assert.equal(error.code, expected.code, answer.text);
  assert.match(error.message, expected.reason);
  for (const [field, value] of Object.entries(expected.details)) {
    assert.deepEqual(error.details[field], value, `${field} of ${answer.text}`);
  }
  const remains = await request(`${place.base}/agents/${name}`, 'GET');
  assert.equal(remains.status, 404, 'a refused agent leaves nothing behind');
}

async function deployGuest(name: string): Promise<string> {
  const agentId = await place.settle(await guest(name), { name });
  deployed.set(name, agentId);
  return agentId;
}

function assertAnswer({ reply }: Answered, agentId: string, expected: Answers): void {
  assert.equal(reply.performative, 'inform', JSON.stringify(reply));
  assert.equal(reply.sender, agentId);
  assert.deepEqual(reply.content, expected.content);
}

async function expectFailures(name: string, expected: Fails): Promise<void> {
  const agentId = await deployGuest(name);
  const ids: string[] = [];
  for (let i = 0; i < MESSAGES; i++) {
    const answered = await place.ask(name, { attempt: i }, `victim-of-${name}`);
    assertFailure(answered, agentId, expected);
    ids.push(answered.message_id);
  }
  await place.expectDeadLetters(name, ids, expected.code);
  // Nothing that a failed message sent before it failed may arrive.
  const received = await place.received(`victim-of-${name}`, MESSAGES);
  assert.equal(received.length, MESSAGES);
  assert.ok(received.every((message) => message.performative === 'failure'));
}

async function expectAnswers(name: string, expected: Answers): Promise<void> {
  const agentId = await deployGuest(name);
  for (let i = 0; i < MESSAGES; i++) {
    assertAnswer(await place.ask(name, { attempt: i }), agentId, expected);
  }
  await place.expectDeadLetters(name, [], '');
}

test('every guest is in the table, and nothing else', () => {
  assert.deepEqual(Object.keys(EXPECTATIONS).sort(), guestNames());
});

describe('beside an echo agent on the same worker', () => {
  for (const [name, expected] of Object.entries(EXPECTATIONS)) {
    if (expected.kind === 'special') continue;
    test(`${name} ${expected.kind === 'refused' ? 'is refused' : expected.kind}`, async () => {
      if (expected.kind === 'refused') await expectRefusal(name, expected);
      else if (expected.kind === 'fails') await expectFailures(name, expected);
      else await expectAnswers(name, expected);
      await place.echoAnswers(2);
    });
  }

  test('all of them at once cost nobody else an answer', async () => {
    assert.ok(deployed.size > 0);
    const attacks = [...deployed].map(async ([name, agentId]) => {
      const expected = EXPECTATIONS[name]!;
      const answered = await place.ask(name, 'all at once');
      if (expected.kind === 'fails') assertFailure(answered, agentId, expected);
      if (expected.kind === 'answers') assertAnswer(answered, agentId, expected);
    });
    await Promise.all(attacks);
    await place.echoAnswers(20);
  });

  test('of a log flood only the beginning is kept', async () => {
    await place.settle(await guest('log-flood'), { name: 'chatterbox' });
    await place.ask('chatterbox', 'talk');
    const lines = await eventually('log lines', async () => {
      const url = `${place.base}/agents/chatterbox/logs?limit=${LIMITS.logs_page_max}`;
      const log = await call<{ lines: readonly { text: string }[] }>(url, 'GET');
      return log.lines.length > 0 && log.lines;
    });
    const bytes = lines.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    assert.ok(bytes <= LIMITS.log_bytes_per_message, `${bytes} bytes in ${lines.length} lines`);
  });

  test('memory stays within bounds', () => {
    const growthBytes = place.rssPeakBytes - rssAtStartBytes;
    assert.ok(growthBytes < RSS_GROWTH_MAX_BYTES, `${Math.round(growthBytes / MIB)} MiB more`);
  });
});

describe('an agent that traps', () => {
  test('loses the message that trapped and none that waited behind it', async () => {
    await place.settle(await guest('failing-once'), { name: 'unlucky' });
    const contents = ['boom', 'one', 'two', 'three'];
    const answers = await Promise.all(contents.map((content) => place.ask('unlucky', content)));
    assert.equal(answers[0]!.reply.performative, 'failure');
    assert.deepEqual(
      answers.slice(1).map(({ reply }) => [reply.performative, reply.content]),
      contents.slice(1).map((content) => ['inform', content]),
    );
    await place.expectDeadLetters('unlucky', [answers[0]!.message_id], 'MESSAGE_DELIVERY_FAILED');
  });

  test('five times within a minute has failed until it is started again', async () => {
    const agentId = await place.settle(await guest('failing-once'), { name: 'hopeless' });
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      const { message_id, reply } = await place.ask('hopeless', 'boom');
      assert.equal(reply.performative, 'failure');
      ids.push(message_id);
    }
    await eventually('the agent has failed', async () => {
      return (await place.status(agentId)) === 'failed';
    });
    await place.expectDeadLetters('hopeless', ids, 'MESSAGE_DELIVERY_FAILED');

    const message = { performative: 'request', receiver: 'hopeless', sender: 'late', content: 1 };
    const refused = await request(`${place.base}/messages`, 'POST', message);
    assert.equal(refused.status, 503, refused.text);
    assert.equal((refused.body as ErrorAnswer).error.code, 'UNAVAILABLE');

    await call(`${place.base}/agents/${agentId}/start`, 'POST', {});
    const { reply } = await place.ask('hopeless', 'well again');
    assert.deepEqual([reply.performative, reply.content], ['inform', 'well again']);
    assert.equal(await place.status(agentId), 'running');
  });
});
