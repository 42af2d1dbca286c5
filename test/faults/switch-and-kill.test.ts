import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { WaitAnswer } from '../api/driver.js';
import { ServeProcess } from '../cli/cli-process.js';
import { eventually } from '../support/eventually.js';
import { call, deployForm } from '../support/rest-client.js';
import { versioned } from '../support/versioned.js';

interface Deployment {
  readonly deployment_id: string;
  readonly status: string;
  readonly current_percentage: number;
}

const CONVERSATIONS = 12;

describe('a server that is killed in the middle of a deployment', () => {
  let server: ServeProcess;
  before(async () => {
    server = await ServeProcess.start();
  });
  after(() => server.close());

  const post = <T>(path: string, body?: unknown): Promise<T> =>
    call(`${server.url}/api/v1${path}`, 'POST', body);

  async function killAndStart(): Promise<void> {
    // What a query finds is on disk, and so is what was handed over before.
    await call(`${server.url}/api/v1/messages?limit=1`, 'GET');
    await server.process.signal('SIGKILL');
    server = await ServeProcess.start([], server.folder);
  }

  /** The version that answers, and the conversation in which it does. */
  async function ask(receiver: string, conversation?: string): Promise<[string, string]> {
    const message = { performative: 'request', sender: 'tester', receiver, content: 'x' };
    const { reply } = await post<WaitAnswer>('/messages?wait=true', {
      ...message,
      ...(conversation === undefined ? {} : { conversation_id: conversation }),
    });
    return [conversation ?? (reply.conversation_id as string), reply.content as string];
  }

  /** Begins conversations, half of them under ids of the client's own. */
  async function begin(agent: string, name: string): Promise<Map<string, string>> {
    const began = new Map<string, string>();
    for (let i = 0; i < CONVERSATIONS; i++) {
      for (const id of [`${agent}-${name}-${i}`, undefined]) began.set(...(await ask(agent, id)));
    }
    return began;
  }

  async function checkStayed(agent: string, began: ReadonlyMap<string, string>): Promise<void> {
    // All at once, the first of them before the new version is there again.
    const answers = await Promise.all([...began.keys()].map((id) => ask(agent, id)));
    assert.deepEqual(new Map(answers), began);
  }

  const strategies = [
    { type: 'blue_green', cleanup_delay: '1h' },
    {
      type: 'canary',
      stages: [
        { percentage: 40, duration: '300ms' },
        { percentage: 70, duration: '1h' },
        { percentage: 100, duration: '0' },
      ],
    },
  ];
  for (const strategy of strategies) {
    it(`leaves every conversation on its version by ${strategy.type}`, async () => {
      const agent = `killed-${strategy.type}`;
      const config = { name: agent, resources: { instances: 2 } };
      const one = await versioned('one');
      await post('/agents', deployForm(one as Uint8Array<ArrayBuffer>, config));
      const began = await begin(agent, 'before');
      const { deployment_id } = await post<Deployment>('/deployments', {
        agent_id: agent,
        wasm_module: Buffer.from(await versioned('two')).toString('base64'),
        version: '2.0.0',
        strategy,
      });
      const share = (percent: number) =>
        eventually(`${percent} percent`, async () => {
          const path = `${server.url}/api/v1/deployments/${deployment_id}`;
          return (await call<Deployment>(path, 'GET')).current_percentage >= percent;
        });
      await share(40);
      for (const each of await begin(agent, 'first')) began.set(...each);
      await share(70);
      for (const each of await begin(agent, 'second')) began.set(...each);
      assert.deepEqual([...new Set(began.values())].sort(), ['one', 'two']);
      for (let kills = 0; kills < 2; kills++) {
        await killAndStart();
        await checkStayed(agent, began);
      }
      await eventually('new conversations on the new version', async () => {
        return (await ask(agent))[1] === 'two';
      });
      for (const each of await begin(agent, 'third')) began.set(...each);
      await checkStayed(agent, began);
      await post(`/deployments/${deployment_id}/rollback`, { reason: 'a test' });
      await eventually('rolled back', async () => (await ask(agent))[1] === 'one');
      for (const [, version] of await Promise.all([...began.keys()].map((id) => ask(agent, id)))) {
        assert.equal(version, 'one');
      }
    });
  }
});
