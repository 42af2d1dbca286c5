import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { createToken } from '../../src/config/tokens.js';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { type ApiDriver, ApiFailure, type MakeDriver } from './driver.js';

/** That a call is refused with this code, and with the trace id that every refusal has. */
async function refused(code: string, call: Promise<unknown>): Promise<ApiFailure> {
  const failure = await call.then(
    (answer) => assert.fail(`not refused with ${code}: ${JSON.stringify(answer)}`),
    (error: unknown) => error,
  );
  if (!(failure instanceof ApiFailure)) throw failure;
  assert.equal(failure.code, code, failure.message);
  assert.match(failure.traceId, /^[0-9a-f]{32}$/);
  return failure;
}

/** What every transport does alike, run over one of them. */
export function runSharedSuite(name: string, makeDriver: MakeDriver): void {
  describe(`${name}: the API`, () => {
    let server: TestServer;
    let api: ApiDriver;
    before(async () => {
      server = await startTestServer();
      api = await makeDriver(server);
      await api.deploy(sampleAgent('echo'), { name: 'echo' });
    });
    after(async () => {
      await api?.close();
      await server?.close();
    });
    const connected = (): ApiDriver => api;
    agentTests(connected);
    messageTests(connected);
    failureTests(connected);
    historyTests(connected);
  });
  accessTests(name, makeDriver);
}

function agentTests(api: () => ApiDriver): void {
  test('an agent that is deployed runs, and is found by id and by name', async () => {
    const deployed = await api().deploy(sampleAgent('echo'), {
      name: 'found',
      version: '2.1.0',
      resources: { memory: '50MB', cpu: '100000' },
    });
    assert.equal(deployed.status, 'running');
    for (const key of [deployed.agent_id, 'found']) {
      const agent = await api().getAgent(key);
      assert.equal(agent.agent_id, deployed.agent_id);
      assert.equal(agent.name, 'found');
      assert.equal(agent.status, 'running');
      assert.equal(agent.version, '2.1.0');
    }
  });

  test('a name is deployed once', async () => {
    await refused('AGENT_ALREADY_EXISTS', api().deploy(sampleAgent('echo'), { name: 'echo' }));
  });

  test('a module that is no agent is refused with the reason', async () => {
    const truncated = sampleAgent('echo').slice(0, 100);
    await refused('INVALID_WASM', api().deploy(truncated, { name: 'truncated' }));
    const failure = await refused(
      'INVALID_WASM',
      api().deploy(await guest('missing-handle-message'), { name: 'incomplete' }),
    );
    assert.match(failure.message, /handle_message/);
  });

  test('agents are listed in pages', async () => {
    for (const name of ['page-a', 'page-b', 'page-c']) {
      await api().deploy(sampleAgent('echo'), { name });
    }
    const all = await api().listAgents({ limit: 500 });
    assert.equal(all.agents.length, all.total);
    const paged: string[] = [];
    for (let offset = 0; offset < all.total; offset += 2) {
      const page = await api().listAgents({ limit: 2, offset });
      assert.equal(page.total, all.total);
      paged.push(...page.agents.map((agent) => agent.agent_id));
    }
    assert.deepEqual(
      paged,
      all.agents.map((agent) => agent.agent_id),
    );
    assert.equal((await api().listAgents({ status: 'failed' })).total, 0);
  });

  test('an agent that is not there is named in the refusal', async () => {
    const failure = await refused('AGENT_NOT_FOUND', api().getAgent('nobody'));
    assert.equal(failure.details.agent_id, 'nobody');
    await refused('AGENT_NOT_FOUND', api().stopAgent('nobody'));
    await refused('AGENT_NOT_FOUND', api().removeAgent('nobody'));
  });

  test('an agent is stopped, started again and removed', async () => {
    await api().deploy(sampleAgent('echo'), { name: 'on-off' });
    const message = { performative: 'request', receiver: 'on-off', content: 1 };
    assert.match((await api().stopAgent('on-off')).status, /^(draining|stopped)$/);
    await eventually('the agent stops', async () => {
      return (await api().getAgent('on-off')).status === 'stopped';
    });
    await refused('UNAVAILABLE', api().send(message));
    assert.equal((await api().startAgent('on-off')).status, 'running');
    assert.equal((await api().sendAndWait(message)).reply.content, 1);
    await api().removeAgent('on-off');
    await refused('AGENT_NOT_FOUND', api().getAgent('on-off'));
    await refused('AGENT_NOT_FOUND', api().send(message));
  });
}

function messageTests(api: () => ApiDriver): void {
  test('a message is delivered, and the answer reaches the history', async () => {
    const sent = await api().send({
      performative: 'REQUEST',
      sender: 'client_001',
      receiver: 'echo',
      content: { action: 'process', data: { key: 'value' } },
      conversation_id: 'conv_delivered',
      reply_with: 'msg_001',
    });
    assert.match(sent.message_id, /^msg_/);
    assert.equal(sent.status, 'delivered');
    assert.ok(!Number.isNaN(Date.parse(sent.delivered_at)));
    const answer = await eventually('the answer is in the history', async () => {
      const page = await api().history({ conversation_id: 'conv_delivered' });
      return page.messages.find((message) => message.in_reply_to === 'msg_001');
    });
    assert.equal(answer.performative, 'inform');
    assert.equal(answer.receiver, 'client_001');
    assert.deepEqual(answer.content, { action: 'process', data: { key: 'value' } });
  });

  test('a caller that waits gets the answer to its own message', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        api().sendAndWait({ performative: 'request', receiver: 'echo', content: { i } }),
      ),
    );
    answers.forEach((answer, i) => {
      assert.equal(answer.status, 'replied');
      assert.deepEqual(answer.reply.content, { i });
      assert.equal(answer.reply.performative, 'inform');
    });
    assert.equal(new Set(answers.map((answer) => answer.message_id)).size, 50);
  });

  test('any JSON value goes through and comes back', async () => {
    const contents = [null, true, 0, -1.5, 1e21, '', 'äöü 🚀 \u0000 "\\', [], {}, [[[1], {}]]];
    for (const content of [...contents, { contents }]) {
      const answer = await api().sendAndWait({
        performative: 'request',
        receiver: 'echo',
        content,
      });
      assert.deepEqual(answer.reply.content, content);
    }
  });

  test('a repeated idempotency key gives the first result', async () => {
    const send = (key: string) =>
      api().send(
        { performative: 'request', receiver: 'echo', content: key },
        { idempotency_key: key },
      );
    const first = await send('once');
    assert.deepEqual(await send('once'), first);
    assert.notEqual((await send('twice')).message_id, first.message_id);
  });

  test('a message that is answered as durable is in the history at once', async () => {
    const sent = await api().send(
      { performative: 'inform', receiver: 'echo', conversation_id: 'conv_durable' },
      { persist: true },
    );
    const page = await api().history({ conversation_id: 'conv_durable' });
    assert.equal(page.messages[0]?.message_id, sent.message_id);
  });

  test('waiting ends in time when nobody answers', async () => {
    await api().send({ performative: 'inform', sender: 'silent', receiver: 'echo' });
    await refused(
      'TIMEOUT',
      api().sendAndWait({ performative: 'request', receiver: 'silent' }, { timeout_ms: 50 }),
    );
  });
}

function failureTests(api: () => ApiDriver): void {
  test('a malformed message is refused by the field that is wrong', async () => {
    const wrong: Array<[string, object]> = [
      ['performative', { receiver: 'echo' }],
      ['performative', { performative: 'shout', receiver: 'echo' }],
      ['receiver', { performative: 'request' }],
      ['content', { performative: 'request', receiver: 'echo', content: 'x'.repeat(1 << 20) }],
    ];
    for (const [field, message] of wrong) {
      const failure = await refused('INVALID_REQUEST', api().send(message));
      assert.equal(failure.details.field, field);
      assert.match(failure.message, new RegExp(field));
    }
  });

  test('content nested too deep is refused', async () => {
    let content: unknown = 'bottom';
    for (let depth = 0; depth < 1_000; depth++) content = [content];
    await refused(
      'INVALID_REQUEST',
      api().send({ performative: 'request', receiver: 'echo', content }),
    );
  });

  test('an unknown receiver is refused', async () => {
    const failure = await refused(
      'AGENT_NOT_FOUND',
      api().send({ performative: 'request', receiver: 'agent_999' }),
    );
    assert.equal(failure.details.agent_id, 'agent_999');
    assert.match(failure.message, /agent_999/);
  });

  test('nobody sends in the name of an agent', async () => {
    await refused(
      'FORBIDDEN',
      api().send({ performative: 'request', sender: 'echo', receiver: 'echo' }),
    );
  });

  test('an agent that fails answers with failure, and the message is a dead letter', async () => {
    const { agent_id } = await api().deploy(await guest('trap-unreachable'), { name: 'trapping' });
    const answer = await api().sendAndWait({ performative: 'request', receiver: 'trapping' });
    assert.equal(answer.reply.performative, 'failure');
    const letter = await eventually('the dead letter is there', async () => {
      const page = await api().deadLetters({ agent: 'trapping' });
      return page.dead_letters.find((entry) => entry.message_id === answer.message_id);
    });
    assert.equal(letter.agent_id, agent_id);
    assert.equal(letter.message.performative, 'request');
    assert.ok(letter.error.code && letter.error.message);
    const retried = await api().retryDeadLetter(answer.message_id);
    assert.equal(retried.message_id, answer.message_id);
    await refused('NOT_FOUND', api().retryDeadLetter('msg_none'));
  });

  test('an endless loop costs its own message, and the neighbours go on', async () => {
    await api().deploy(await guest('loop-br'), { name: 'looping', resources: { cpu: '100000' } });
    const answer = await api().sendAndWait({ performative: 'request', receiver: 'looping' });
    const content = answer.reply.content as { error: { code: string; resource: string } };
    assert.equal(answer.reply.performative, 'failure');
    assert.equal(content.error.code, 'RESOURCE_LIMIT_EXCEEDED');
    assert.equal(content.error.resource, 'fuel');
    const echoed = { performative: 'request', receiver: 'echo', content: 'still there' };
    assert.equal((await api().sendAndWait(echoed)).reply.content, 'still there');
  });
}

function historyTests(api: () => ApiDriver): void {
  test('the history is read in pages, either way round', async () => {
    const conversation_id = 'conv_pages';
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      // An inform, which echo does not answer.
      const message = { performative: 'inform', receiver: 'echo', content: i, conversation_id };
      ids.push((await api().send(message, { persist: true })).message_id);
    }
    const first = await api().history({ conversation_id, limit: 3 });
    assert.deepEqual(
      first.messages.map((message) => message.message_id),
      ids.slice(0, 3),
    );
    assert.equal(first.total, 5);
    assert.ok(first.next_cursor);
    const second = await api().history({ conversation_id, limit: 3, cursor: first.next_cursor });
    assert.deepEqual(
      second.messages.map((message) => message.content),
      [3, 4],
    );
    assert.ok(!second.next_cursor);
    const newest = await api().history({ conversation_id, limit: 1, order: 'desc' });
    assert.equal(newest.messages[0]?.message_id, ids[4]);
  });

  test('a page size out of bounds is refused', async () => {
    const failure = await refused('INVALID_REQUEST', api().history({ limit: 501 }));
    assert.equal(failure.details.field, 'limit');
  });
}

function accessTests(name: string, makeDriver: MakeDriver): void {
  describe(`${name}: tokens and roles`, () => {
    const tokens = {
      viewer: createToken(),
      sender: createToken(),
      operator: createToken(),
    };
    let server: TestServer;
    before(async () => {
      server = await startTestServer({
        tokens: Object.entries(tokens).map(([role, { sha256 }]) => ({
          name: `the-${role}`,
          sha256,
          role: role as keyof typeof tokens,
        })),
      });
      await as('operator', (api) => api.deploy(sampleAgent('echo'), { name: 'echo' }));
    });
    after(() => server?.close());

    async function using<T>(
      token: string | undefined,
      act: (api: ApiDriver) => Promise<T>,
    ): Promise<T> {
      const api = await makeDriver(server, token);
      try {
        return await act(api);
      } finally {
        await api.close();
      }
    }
    const as = <T>(role: keyof typeof tokens, act: (api: ApiDriver) => Promise<T>): Promise<T> =>
      using(tokens[role].token, act);
    const message = { performative: 'request', receiver: 'echo', content: 'hi' };

    test('without a known token nothing is done', async () => {
      for (const token of [undefined, 'cxt_unknown']) {
        await refused(
          'UNAUTHORIZED',
          using(token, (api) => api.send(message)),
        );
        await refused(
          'UNAUTHORIZED',
          using(token, (api) => api.listAgents({})),
        );
      }
    });

    test('a viewer reads and does not send', async () => {
      assert.equal((await as('viewer', (api) => api.listAgents({}))).total, 1);
      await refused(
        'FORBIDDEN',
        as('viewer', (api) => api.send(message)),
      );
    });

    test('a sender sends under its own name and does not deploy', async () => {
      const { reply } = await as('sender', (api) => api.sendAndWait(message));
      assert.equal(reply.receiver, 'the-sender');
      await refused(
        'FORBIDDEN',
        as('sender', (api) => api.deploy(sampleAgent('echo'), { name: 'second' })),
      );
      await refused(
        'FORBIDDEN',
        as('sender', (api) => api.removeAgent('echo')),
      );
    });
  });
}
