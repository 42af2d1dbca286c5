import assert from 'node:assert/strict';
import { connect as connectTcp } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { status } from '@grpc/grpc-js';
import { ApiFailure, type SendAnswer } from '../api/driver.js';
import { ServeProcess } from '../cli/cli-process.js';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { RawHttp } from '../support/raw-http.js';
import { deployForm } from '../support/rest-client.js';
import { connect, type WsClient } from '../support/ws-client.js';
import { GrpcTestClient } from '../transport/grpc/client.js';
import { checkHandled, checkHistory } from './acknowledged-history.js';
import { AcknowledgedLoad, count } from './acknowledged-load.js';
import { agentsOf, api } from './changing-world.js';
import { Dice } from './load.js';

/** Runs for longer than a stop may take. */
const ENDLESS = { cpu: '10000000000', max_message_ms: 60_000 };

interface AgentFigures {
  readonly metrics: { readonly mailbox_messages: number };
}

async function deploy(server: ServeProcess, module: Uint8Array, config: object): Promise<void> {
  const bytes = module as Uint8Array<ArrayBuffer>;
  await api(server, 'POST', '/agents', deployForm(bytes, config));
}

const send = (server: ServeProcess, receiver: string, content: unknown, query = '') =>
  api<SendAnswer>(server, 'POST', `/messages${query}`, {
    performative: 'request',
    sender: 'stopping',
    receiver,
    content,
  });

const subscribeSocket = async (server: ServeProcess): Promise<WsClient> => {
  const client = await connect(`${server.url.replace('http', 'ws')}/ws`);
  client.send({ type: 'subscribe', id: 1, events: ['agent.*'] });
  await client.takeType('subscribed');
  return client;
};

function refused(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connectTcp(Number(port), hostname);
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

test('SIGTERM under load ends with code 0, and what was acknowledged is handled, now or after the next start', async (t) => {
  const dice = new Dice();
  t.diagnostic(`CAXTON_SEED=${dice.seed}`);
  let server = await ServeProcess.start();
  try {
    await deploy(server, sampleAgent('echo'), { name: 'echo', resources: { mailbox: 5_000 } });
    await deploy(server, sampleAgent('counter'), { name: 'counter' });
    const before = await agentsOf(server);
    const load = new AcknowledgedLoad(server, 'stopped', false);
    await eventually('something is counted', () => load.durableCount > 0);
    await sleep(dice.whole(0, 500));
    load.expectEnd();
    const { code, stderr } = await server.process.signal('SIGTERM');
    assert.equal(code, 0, stderr);
    await load.end();

    server = await ServeProcess.start([], server.folder);
    assert.deepEqual(await agentsOf(server), before);
    await checkHistory(server, load);
    const { letters, twice } = await checkHandled(server, load);
    assert.deepEqual({ letters, twice }, { letters: 0, twice: 0 }, 'each is handled once');
    assert.ok((await count(server, { action: 'get' })) >= load.durableCount);
  } finally {
    await server.close();
  }
});

test('a server stops in time over an agent that never ends, clients that never read and half-open sockets', async () => {
  let server = await ServeProcess.start();
  const grpc = new GrpcTestClient(server.grpcAddress);
  const sockets: Array<{ close(): void }> = [];
  try {
    await deploy(server, await guest('memory-fill-loop'), { name: 'loop', resources: ENDLESS });
    await deploy(server, sampleAgent('echo'), { name: 'echo' });

    const reader = await subscribeSocket(server);
    const deaf = await subscribeSocket(server);
    deaf.socket.pause();
    sockets.push({ close: () => deaf.socket.terminate() });
    const stream = grpc.subscribe('EventService/Subscribe', { events: ['*'] });
    const deafStream = grpc.subscribe('EventService/Subscribe', { events: ['*'] });
    deafStream.call.pause();
    const silent = await RawHttp.connect(server.url);
    const half = await RawHttp.connect(server.url);
    half.write('POST /api/v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{');
    const kept = await RawHttp.connect(server.url);
    const grpcPort = await RawHttp.connect(`http://${server.grpcAddress}`);
    sockets.push(silent, half, kept, grpcPort);

    // The worker is busy from here on: what is sent waits behind it.
    await send(server, 'loop', 'in hand');
    const behind = await send(server, 'echo', 'behind');
    const waiting = send(server, 'echo', 'waited for', '?wait=true').catch((error) => error);
    const call = grpc.failure('MessageService/SendMessageAndWait', {
      message: { performative: 'request', sender: 'waiting', receiver: 'echo' },
    });
    await eventually('all wait', async () => {
      const agent = await api<AgentFigures>(server, 'GET', '/agents/echo');
      return agent.metrics.mailbox_messages === 3;
    });

    server.process.child.kill('SIGTERM');
    await eventually('connections are refused', () => refused(server.url));
    // On a connection that is there already.
    const body = JSON.stringify({ performative: 'request', receiver: 'echo', sender: 'late' });
    kept.write(
      `POST /api/v1/messages HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    const answer = await kept.takeAnswer();
    assert.deepEqual([answer.status, /UNAVAILABLE/.test(answer.body)], [503, true]);

    const failure = (await waiting) as ApiFailure;
    assert.ok(failure instanceof ApiFailure, JSON.stringify(failure));
    assert.equal(failure.code, 'UNAVAILABLE');
    assert.equal((await call).status, status.UNAVAILABLE);
    assert.equal((await stream.end())?.status, status.UNAVAILABLE);
    await eventually('the socket is closed', () => reader.closed !== undefined);
    assert.equal(reader.closed?.code, 1001);
    const { code, stderr } = await server.process.exited;
    assert.equal(code, 0, stderr);

    server = await ServeProcess.start(['--workers', '2'], server.folder);
    await eventually('what waited is handled', async () => {
      const path = '/messages?receiver=stopping&performative=inform';
      const { messages } = await api<{ messages: Array<{ in_reply_to: string }> }>(
        server,
        'GET',
        path,
      );
      return messages.some(({ in_reply_to }) => in_reply_to === behind.message_id);
    });
  } finally {
    for (const socket of sockets) socket.close();
    grpc.close();
    await server.close();
  }
});
