import assert from 'node:assert/strict';
import { freemem } from 'node:os';
import { after, before, describe, mock, test } from 'node:test';
import { guest, sampleAgent } from '../support/guests.js';
import { bidder, participant } from '../support/participant.js';
import { call, deployForm } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect } from '../support/ws-client.js';
import { withReal } from './client.js';
import {
  type Fields,
  grpcSubscriber,
  nextOf,
  type Subscriber,
  webSocketSubscriber,
} from './events.js';
import { lifecycleStates } from './printed/agents.js';
import * as events from './printed/events.js';
import type { RealValues } from './printed/exchange.js';
import { queryMessageHistory, subscribeToMessages } from './printed/messages.js';
import { createTask } from './printed/tasks.js';
import { departures } from './shape.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server?.close());

const post = <T>(path: string, body?: unknown): Promise<T> =>
  call<T>(`${server.url}/api/v1${path}`, 'POST', body);

async function deploy(name: string, module = sampleAgent('echo')): Promise<string> {
  const { agent_id } = await post<{ agent_id: string }>('/agents', deployForm(module, { name }));
  return agent_id;
}

const worker = () => participant(bidder({ estimated_time: 45, confidence: 0.95 }));

/** @returns the id of a task that the agent is awarded */
async function giveTask(agent: string): Promise<string> {
  const task = { ...createTask.request, participants: [agent], requirements: {} };
  const { task_id } = await post<{ task_id: string }>('/tasks', task);
  await post(`/tasks/${task_id}/distribute`, {});
  return task_id;
}

function printedShape(printed: object, received: object, real: RealValues = {}): void {
  assert.deepEqual(departures(printed, received, { real }), []);
}

const subscribers = { WebSocket: webSocketSubscriber, gRPC: grpcSubscriber };
for (const [transport, makeSubscriber] of Object.entries(subscribers)) {
  describe(`the events of the API reference over ${transport}`, () => {
    let subscriber: Subscriber;
    before(async () => {
      subscriber = await makeSubscriber(server);
    });
    after(() => subscriber?.close());
    const named = (name: string): string => `${transport}-${name}`;

    test('Subscribe to Messages', async () => {
      const real = {
        agent_123: await deploy(named('silent'), await participant({})),
        agent_456: await deploy(named('echo')),
      };
      const subscription = await subscriber.subscribe(withReal(subscribeToMessages, real));
      const { messages } = queryMessageHistory.response;
      const send = (performative: string, receiver: string) =>
        post('/messages', { performative, receiver, sender: 'client_001', content: {} });
      // No message to an agent that isn't named, and none with another act.
      await send('request', await deploy(named('other')));
      await send('confirm', real.agent_123);
      await send('request', real.agent_456);
      for (const performative of ['request', 'inform']) {
        const event = await subscription.next();
        assert.equal(event.type, 'message');
        const message = event.message as Fields;
        printedShape({ ...messages[0], performative }, message);
        const end = performative === 'request' ? message.receiver : message.sender;
        assert.equal(end, real.agent_456);
      }
      await subscription.cancel();
    });

    test('Agent lifecycle events', async () => {
      const subscription = await subscriber.subscribe({ type: 'subscribe', events: ['agent.*'] });
      const agent_id = await deploy(named('watched'));
      const deployed = await nextOf(subscription, ({ type }) => type === 'agent.deployed');
      printedShape(events.agentDeployed, deployed, { agent_123: agent_id });
      await subscription.cancel();
    });

    test('Message events', async () => {
      const name = named('asked');
      const real = { agent_123: 'client_001', agent_456: await deploy(name) };
      const subscription = await subscriber.subscribe({ type: 'subscribe', events: ['message.*'] });
      const message = { performative: 'inform', sender: 'client_001', receiver: name };
      const { message_id } = await post<{ message_id: string }>('/messages', message);
      const sent = await nextOf(subscription, (event) => event.message_id === message_id);
      printedShape(events.messageSent, sent, { ...real, msg_456: message_id });
      await subscription.cancel();
    });

    test('Task events', async () => {
      const agent_456 = await deploy(named('worker'), await worker());
      const subscription = await subscriber.subscribe({ type: 'subscribe', events: ['task.*'] });
      const task_999 = await giveTask(agent_456);
      const completed = await nextOf(subscription, ({ type }) => type === 'task.completed');
      printedShape(events.taskCompleted, completed, { task_999, agent_456 });
      await subscription.cancel();
    });

    test('System events', async () => {
      const subscription = await subscriber.subscribe({
        type: 'subscribe',
        events: ['system.alert'],
      });
      const { message } = events.systemAlert;
      const about = (words: string) => nextOf(subscription, (event) => event.message === words);
      // As a process has it that takes ten times what it leaves.
      const memory = mock.method(process.memoryUsage, 'rss', () => freemem() * 10);
      try {
        printedShape(events.systemAlert, await about(message));
      } finally {
        memory.mock.restore();
      }
      await about('Memory usage is normal again');
      await subscription.cancel();
    });

    test('Subscribe to specific event types', async () => {
      const agent_123 = await deploy(named('chosen'), await worker());
      const other = await deploy(named('unchosen'), await worker());
      const subscription = await subscriber.subscribe(withReal(events.subscribe, { agent_123 }));
      const expectOf = async (type: string): Promise<void> => {
        const event = await subscription.next();
        assert.deepEqual([event.type, event.agent_id], [type, agent_123]);
      };
      for (const agent of [other, agent_123]) await giveTask(agent);
      await expectOf('task.completed');
      for (const agent of [other, agent_123]) await post(`/agents/${agent}/stop`, {});
      await expectOf('agent.state_changed');
      await subscription.cancel();
    });

    test('Agent Lifecycle States', async () => {
      const subscription = await subscriber.subscribe({
        type: 'subscribe',
        events: ['agent.state_changed'],
      });
      const seen = new Set<unknown>();
      const until = async (agent: string, state: string): Promise<void> => {
        while (!seen.has(state)) {
          const event = await nextOf(subscription, ({ agent_id }) => agent_id === agent);
          for (const each of [event.from, event.to]) seen.add(each);
        }
      };
      const living = await deploy(named('living'));
      await post(`/agents/${living}/stop`, {});
      await until(living, 'stopped');
      const failing = await deploy(named('failing'), await guest('trap-unreachable'));
      // As many as it takes until it is given up; the others go to the dead letters.
      const message = { performative: 'inform', receiver: failing };
      await Promise.all(Array.from({ length: 10 }, () => post('/messages', message)));
      await until(failing, 'failed');
      assert.deepEqual([...seen], lifecycleStates);
      await subscription.cancel();
    });
  });
}

test('Unsubscribe', async () => {
  const client = await connect(server.wsUrl);
  try {
    client.send({ type: 'subscribe', events: ['agent.*'] });
    const { subscription_id } = await client.takeType('subscribed');
    client.send(withReal(events.unsubscribe, { sub_123: String(subscription_id) }));
    await client.takeType('unsubscribed');
    client.received.length = 0;
    await deploy('unseen');
    await client.ask({ type: 'ping', id: 'after the deploy' });
    assert.deepEqual(client.received, []);
  } finally {
    await client.close();
  }
});
