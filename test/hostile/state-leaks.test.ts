import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { type TestRuntime, withRuntime } from '../support/runtime.js';
import { beginDeployment, ended } from '../support/versioned.js';
import {
  BUFFER_UNTOUCHED,
  diary,
  FRESH,
  NOT_FOUND,
  NOTHING_STORED,
  SECRET,
  SECRET_STORED,
  WRITTEN,
} from './diary.js';

/** Nothing of one agent is ever seen by another, or by what comes in its place. */

/** More than any scan of a few pages takes. */
const PATIENT = { resources: { cpu: '1000000000' } };
/** Of these a message may be looked for that was much longer than the next. */
const LONG = SECRET.repeat(2_000);

const say = async (run: TestRuntime, agent: string, what: string): Promise<number | undefined> => {
  const failure = await run.askFailure(agent, what);
  return (failure as { agent_code?: number }).agent_code;
};

/** Has the agent do something of which it says nothing, and waits until it did. */
const have = async (run: TestRuntime, agent: string, what: string): Promise<void> => {
  await run.send(agent, what);
  await run.until(agent, 'idle');
};

const timersOf = async (run: TestRuntime, sender: string): Promise<number> =>
  (await run.history({ sender })).filter(({ content }) => String(content).includes('timer')).length;

test('after a trap, and after running out of fuel, the next message sees a fresh instance', () =>
  withRuntime({}, async (run) => {
    await run.deploy(await diary(), { name: 'a' });
    assert.equal(await say(run, 'a', 'r'), FRESH);
    await have(run, 'a', 'w');
    assert.equal(await say(run, 'a', 'r'), WRITTEN, 'an instance keeps what it wrote');
    assert.match((await run.askFailure('a', 'x')).message, /unreachable/);
    assert.equal(await say(run, 'a', 'r'), FRESH, 'after a trap');
    await have(run, 'a', 'w');
    assert.equal((await run.askFailure('a', 'f')).resource, 'fuel');
    assert.equal(await say(run, 'a', 'r'), FRESH, 'after it ran out of fuel');
    assert.equal(await say(run, 'a', 'd'), SECRET_STORED, 'what it stored is there');
  }));

test('what a message that fails stored, and the timer that it set, were never there', () =>
  withRuntime({}, async (run) => {
    const { agentId } = await run.deploy(await diary(), { name: 'a' });
    await run.askFailure('a', 'x');
    assert.equal(await say(run, 'a', 'd'), NOTHING_STORED);
    await have(run, 'a', 'w');
    await eventually('the timer of the one that succeeded', async () => {
      return (await timersOf(run, agentId)) > 0;
    });
    assert.equal(await timersOf(run, agentId), 1);
  }));

test('two agents of one module on one worker see nothing of each other', () =>
  withRuntime({ workers: 1 }, async (run) => {
    const module = await diary();
    const { agentId: a } = await run.deploy(module, { name: 'a', ...PATIENT });
    const { agentId: b } = await run.deploy(module, { name: 'b', ...PATIENT });
    await have(run, 'a', `${LONG}w`);
    assert.ok(((await say(run, 'a', 's')) ?? 0) > NOT_FOUND, 'the long message is still there');
    assert.equal(await say(run, 'b', 'r'), FRESH);
    assert.equal(await say(run, 'b', 's'), NOT_FOUND);
    assert.equal(await say(run, 'b', 'd'), NOTHING_STORED);
    assert.equal(await say(run, 'a', 'd'), SECRET_STORED);
    await eventually('the timer', async () => (await timersOf(run, a)) === 1);
    assert.equal(await timersOf(run, b), 0);
    const texts = (agent: string): string[] =>
      run.runtime.agents.logs(agent, 100).map((l) => l.text);
    assert.deepEqual(texts('a'), [SECRET]);
    assert.deepEqual(texts('b'), []);
    assert.ok(
      (await run.history({ receiver: b })).every((m) => !String(m.content).includes(SECRET)),
    );
    assert.deepEqual(await run.store.agentData(b), []);
  }));

test('a buffer that is longer than the value stays as it was behind it', () =>
  withRuntime({}, async (run) => {
    await run.deploy(await diary(), { name: 'long', ...PATIENT });
    await run.deploy(await diary(), { name: 'short', ...PATIENT });
    await have(run, 'long', `${LONG}w`);
    await have(run, 'short', 'w');
    for (const name of ['short', 'long']) {
      assert.equal(await say(run, name, 'c'), BUFFER_UNTOUCHED, name);
    }
    await run.askFailure('long', `${LONG}x`);
    assert.equal(await say(run, 'long', 's'), NOT_FOUND, 'nor does the host bring it back');
  }));

test('an agent under the name of one that was removed gets nothing of what that had', () =>
  withRuntime({ workers: 1 }, async (run) => {
    const { agentId: former } = await run.deploy(await diary(), { name: 'a', ...PATIENT });
    await have(run, 'a', `${LONG}w`);
    assert.equal(await say(run, 'a', 'r'), WRITTEN);
    await run.runtime.agents.remove('a');
    const { agentId } = await run.deploy(await diary(), { name: 'a', ...PATIENT });
    assert.notEqual(agentId, former);
    assert.equal(await say(run, 'a', 'r'), FRESH);
    assert.equal(await say(run, 'a', 's'), NOT_FOUND);
    assert.equal(await say(run, 'a', 'd'), NOTHING_STORED);
    assert.deepEqual(run.runtime.agents.logs('a', 100), []);
    // A timer that is set later, and fires, shows that the former one's would have.
    await have(run, 'a', 'w');
    await eventually('its own timer', async () => (await timersOf(run, agentId)) === 1);
    assert.equal(await timersOf(run, former), 0);
  }));

test('what waited for an agent that was removed is a dead letter, and reaches no other of its name', () =>
  withRuntime({ workers: 1 }, async (run) => {
    const waiting = 30;
    const { agentId: former } = await run.deploy('slow-agent', {
      name: 'a',
      resources: { cpu: '5m' },
    });
    for (let i = 0; i < waiting; i++) await run.send('a', i);
    await run.runtime.agents.remove('a');
    await run.deploy('echo', { name: 'a' });
    assert.equal(await run.askContent('a', 'hello'), 'hello');
    assert.equal(run.runtime.agents.get('a').messagesProcessed, 1);
    const letters = await run.deadLetters(former);
    assert.ok(letters.length > 0 && letters.every(({ message }) => message.receiver === former));
    assert.deepEqual(await run.deadLetters('a'), []);
  }));

test('a new version has the data of the agent, and nothing of the memory of the former one', () =>
  withRuntime({ workers: 1 }, async (run) => {
    await run.deploy(await diary(), { name: 'a', ...PATIENT });
    await have(run, 'a', `${LONG}w`);
    assert.equal(await say(run, 'a', 'r'), WRITTEN);
    const begun = await beginDeployment(run, 'a', await diary('2'), { type: 'immediate' });
    assert.equal((await ended(run, begun)).status, 'completed');
    assert.equal(await say(run, 'a', 'r'), FRESH);
    assert.equal(await say(run, 'a', 's'), NOT_FOUND);
    assert.equal(await say(run, 'a', 'd'), SECRET_STORED);
  }));
