import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { LIMITS } from '../../src/base/limits.js';
import { EventCollector, openStream } from '../support/event-collector.js';
import { eventually } from '../support/eventually.js';
import { startTestRuntime, type TestRuntime } from '../support/runtime.js';

let shared: TestRuntime;
before(async () => {
  shared = await startTestRuntime();
  shared.runtime.clients.claim('reader');
});
after(() => shared?.close());

const bus = () => shared.runtime.events;

async function sendTo(receiver: string, count: number, fields: object = {}): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push((await shared.send(receiver, i, fields)).messageId);
  return ids;
}

const toReader = { filter: { receivers: ['reader'] } };

test('a stream without resume_from gets what comes and nothing older', async () => {
  await sendTo('reader', 3);
  const { stream, collector } = await openStream(shared.runtime, toReader);
  assert.equal(stream.resumption, undefined);
  const sent = await sendTo('reader', 2);
  assert.deepEqual(collector.messageIds, sent);
  stream.cancel();
  await sendTo('reader', 1);
  assert.equal(collector.events.length, 2);
});

test('a stream resumed at any number gets exactly what came behind it, in order', async () => {
  const everything = { events: ['*'], filter: {} };
  const { stream, collector } = await openStream(shared.runtime, everything);
  for (let i = 0; i < 5; i++) {
    await sendTo('reader', 2);
    bus().publish('agent.failed', { agent_id: `agent_${i}` });
    bus().publish('message.failed', { message_id: `msg_${i}` });
  }
  stream.cancel();
  await sendTo('reader', 2);
  bus().publish('agent.removed', { agent_id: 'agent_gone' });
  const witness = await openStream(shared.runtime, { ...everything, resumeFrom: stream.sequence });
  assert.deepEqual(witness.stream.resumption, { resumed: true, missed: 0, mayRepeat: false });
  const all = witness.collector.events.map(({ sequence }) => sequence);
  assert.equal(all.length, 5 * 8 + 7);
  assert.deepEqual(
    all.slice(0, 40),
    collector.events.map(({ sequence }) => sequence),
  );
  assert.deepEqual(
    all,
    [...new Set(all)].sort((a, b) => a - b),
  );
  for (const [i, resumeFrom] of all.entries()) {
    const again = await openStream(shared.runtime, { ...everything, resumeFrom });
    assert.deepEqual(
      again.collector.events.map(({ sequence }) => sequence),
      all.slice(i + 1),
    );
    again.stream.cancel();
  }
  witness.stream.cancel();
});

test('nothing is lost or doubled around the moment of resuming, however slowly old events are read', async () => {
  const first = await openStream(shared.runtime, toReader);
  first.stream.cancel();
  const sent = await sendTo('reader', 20);
  const slow = new EventCollector();
  slow.takesOld = 5;
  const request = { ...toReader, resumeFrom: first.stream.sequence };
  const { stream } = await openStream(shared.runtime, request, slow);
  assert.equal(stream.resumption?.resumed, true);
  sent.push(...(await sendTo('reader', 20)));
  assert.equal(slow.events.length, 5);
  slow.letOn();
  await eventually('all old ones are read', () => slow.events.length === 40);
  sent.push(...(await sendTo('reader', 5)));
  assert.deepEqual(slow.messageIds, sent);
  assert.deepEqual(slow.gaps, []);
  stream.cancel();
});

test('a stream that is cancelled while it reads old events gets no more', async () => {
  const { stream: keeper } = await openStream(shared.runtime, toReader);
  await sendTo('reader', 10);
  const slow = new EventCollector();
  slow.takesOld = 2;
  const request = { ...toReader, resumeFrom: keeper.sequence };
  const { stream } = await openStream(shared.runtime, request, slow);
  const before = bus().subscriptions;
  stream.cancel();
  slow.letOn();
  await sendTo('reader', 2);
  assert.equal(slow.events.length, 2);
  assert.equal(bus().subscriptions, before);
  keeper.cancel();
});

test('a reader that is too slow for its own past is told that something is missing', async () => {
  const { stream: keeper } = await openStream(shared.runtime, { events: ['agent.*'] });
  const publish = (count: number): void => {
    for (let i = 0; i < count; i++) bus().publish('agent.failed', { agent_id: `agent_${i}` });
  };
  publish(10);
  const slow = new EventCollector();
  slow.takesOld = 2;
  const request = { events: ['agent.*'], resumeFrom: keeper.sequence };
  const { stream } = await openStream(shared.runtime, request, slow);
  publish(LIMITS.event_log_events + 3);
  slow.letOn();
  await eventually('it is live', () => slow.events.length === 2 + LIMITS.event_log_events);
  assert.equal(slow.gaps.length, 1);
  const [, second, third] = slow.events;
  assert.ok(second!.sequence < slow.gaps[0]! && slow.gaps[0]! < third!.sequence);
  stream.cancel();
  keeper.cancel();
});

test('events that are forgotten are not claimed to follow, and those that are known do', async () => {
  const { stream, collector } = await openStream(shared.runtime, {
    events: ['agent.*'],
    resumeFrom: 1,
  });
  assert.deepEqual(stream.resumption, { resumed: false, missed: null, mayRepeat: false });
  assert.ok(collector.events.length > 0);
  assert.deepEqual(collector.gaps, []);
  stream.cancel();
});

test('a number that lies ahead is not believed', async () => {
  const resumeFrom = bus().sequence + 1e9;
  const { stream, collector } = await openStream(shared.runtime, { ...toReader, resumeFrom });
  assert.deepEqual(stream.resumption, { resumed: false, missed: null, mayRepeat: false });
  const sent = await sendTo('reader', 1);
  assert.deepEqual(collector.messageIds, sent);
  stream.cancel();
});

test('messages that nobody wanted in time are brought from the history', async () => {
  await withRuntimes(async (start) => {
    const first = await start();
    first.runtime.clients.claim('reader');
    const { stream } = await openStream(first.runtime, toReader);
    stream.cancel();
    const resumeFrom = stream.sequence;
    const ids: string[] = [];
    const send = async (runtime: TestRuntime, count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        ids.push((await runtime.send('reader', i)).messageId);
      }
    };
    await send(first, 600);
    await first.close();

    const second = await start();
    second.runtime.clients.claim('reader');
    // While the history is read more is sent: it follows, once.
    const opening = openStream(second.runtime, { ...toReader, resumeFrom });
    await send(second, 50);
    const { stream: resumed, collector } = await opening;
    assert.deepEqual(resumed.resumption, { resumed: true, missed: 0, mayRepeat: true });
    await send(second, 50);
    await eventually('all have come', () => collector.events.length >= ids.length);
    assert.deepEqual(collector.messageIds, ids);
    const sequences = collector.events.map(({ sequence }) => sequence);
    assert.deepEqual(
      sequences,
      [...sequences].sort((a, b) => a - b),
    );
    assert.ok(sequences[0]! >= resumeFrom);
    resumed.cancel();

    const events = await openStream(second.runtime, { events: ['*'], ...toReader, resumeFrom });
    assert.deepEqual(events.stream.resumption, { resumed: false, missed: null, mayRepeat: true });
    events.stream.cancel();
    assert.equal(second.runtime.events.subscriptions, 0);
  });
});

test('where no history is kept, resuming beyond memory is not claimed', async () => {
  await withRuntimes(async (start) => {
    const { runtime } = await start({ history: { enabled: false } });
    const { stream } = await openStream(runtime, { ...toReader, resumeFrom: 1 });
    assert.deepEqual(stream.resumption, { resumed: false, missed: null, mayRepeat: false });
    stream.cancel();
  });
});

test('a subscription by name follows the name through deploy, remove and deploy', async () => {
  const name = 'comes-and-goes';
  const collector = new EventCollector();
  const request = { events: ['agent.deployed', 'agent.removed'], agentIds: [name] };
  const byName = await openStream(
    shared.runtime,
    { ...request, filter: { agents: [name] } },
    collector,
  );
  const ids: string[] = [];
  for (let round = 0; round < 2; round++) {
    const { agentId } = await shared.deploy('echo', { name });
    await shared.ask(name, round);
    await shared.runtime.agents.remove(name);
    ids.push(agentId);
  }
  assert.notEqual(ids[0], ids[1]);
  const told = collector.events.map(({ type, body, message }) =>
    message === undefined ? `${type} ${body.agent_id}` : message.performative,
  );
  assert.deepEqual(
    told,
    ids.flatMap((id) => [`agent.deployed ${id}`, 'request', 'inform', `agent.removed ${id}`]),
  );
  const resumed = await openStream(shared.runtime, {
    filter: { agents: [name] },
    resumeFrom: byName.stream.sequence,
  });
  assert.equal(resumed.collector.events.length, 4);
  byName.stream.cancel();
  resumed.stream.cancel();
});

/** Runtimes one after the other in one data folder, all of them closed at the end. */
async function withRuntimes(use: (start: typeof startTestRuntime) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), 'caxton-streams-'));
  let last: TestRuntime | undefined;
  let closing: Promise<void> | undefined;
  try {
    await use(async (overrides = {}) => {
      const started = await startTestRuntime({ ...overrides, data_dir: dataDir });
      const close = started.close.bind(started);
      closing = undefined;
      started.close = () => {
        closing ??= close();
        return closing;
      };
      last = started;
      return started;
    });
  } finally {
    await last?.close();
    await rm(dataDir, { recursive: true, force: true });
  }
}
