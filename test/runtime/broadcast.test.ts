import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { eventually } from '../support/eventually.js';
import { guest } from '../support/guests.js';
import { call, deployForm } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';

interface Letters {
  readonly dead_letters: ReadonlyArray<{ readonly message_id: string }>;
}

let server: TestServer;
let api: string;

before(async () => {
  server = await startTestServer();
  api = `${server.url}/api/v1`;
});

after(() => server.close());

async function deploy(name: string, config: object = {}): Promise<string> {
  const form = deployForm(new Uint8Array(await guest(name)), { name, ...config });
  return (await call<{ agent_id: string }>(`${api}/agents`, 'POST', form)).agent_id;
}

interface AgentDetails {
  readonly metrics: {
    readonly messages_failed: number;
    readonly mailbox_messages: number;
    readonly restarts: number;
  };
}

function agentOf(id: string): Promise<AgentDetails> {
  return call<AgentDetails>(`${api}/agents/${id}`, 'GET');
}

/** Has the broadcasting agent write to `receiver`. */
async function castTo(receiver: string): Promise<number> {
  const answer = await call<{ reply: { content: { receivers: number } } }>(
    `${api}/messages?wait=true`,
    'POST',
    {
      performative: 'request',
      receiver: 'broadcast-agent',
      content: { filter: { agents: [receiver] }, message: { hello: 1 } },
    },
  );
  return answer.reply.content.receivers;
}

test('each copy of a broadcast has an id, and a receiver that fails it is booked right', async () => {
  await deploy('broadcast-agent');
  const brick = await deploy('returns-nonzero', { resources: { mailbox: 2 } });
  const casts = 4;
  for (let i = 0; i < casts; i++) {
    assert.equal(await castTo('returns-nonzero'), 1);
    await eventually(`failure ${i + 1} is booked`, async () => {
      const { metrics } = await agentOf(brick);
      return metrics.messages_failed === i + 1 && metrics.mailbox_messages === 0;
    });
  }
  const { dead_letters } = await call<Letters>(`${api}/dead-letters?agent=${brick}`, 'GET');
  const ids = dead_letters.map((letter) => letter.message_id);
  assert.equal(new Set(ids).size, casts);
  for (const id of ids) assert.match(id, /^msg_[0-9A-Z]{26}$/);
});

test('a receiver that traps on a broadcast is replaced', async () => {
  const agent = await deploy('trap-unreachable');
  assert.equal(await castTo('trap-unreachable'), 1);
  await eventually('the instance is replaced', async () => {
    return (await agentOf(agent)).metrics.restarts === 1;
  });
});
