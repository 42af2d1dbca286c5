import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { Chromium } from '../support/chromium.js';
import { startTestServer } from '../support/server.js';
import { hasToolchain } from '../support/toolchains.js';
import { startOneOrigin } from './one-origin.js';

/** Runs in the page. */
const PROGRAM = `async () => {
  const { CaxtonClient, CaxtonError } = await import('@caxton/sdk');
  const client = new CaxtonClient({ endpoint: location.origin, apiKey: 'the-key' });

  const events = [];
  let heard;
  const deployed = new Promise((resolve) => { heard = resolve; });
  await client.on('agent.deployed', (event) => {
    events.push(event.name);
    heard();
  }).ready;
  const wasmModule = await (await fetch('/agents/echo.wasm')).arrayBuffer();
  const agent = await client.deployAgent({ wasmModule, config: { name: 'echo' } });
  await deployed;

  const reply = await client.sendMessageAndWait({
    performative: 'request', receiver: agent.id, content: { text: 'h\\u00e9' },
  });
  await client.listMessages({ receiver: 'sink' });
  const messages = [];
  let complete;
  const all = new Promise((resolve) => { complete = resolve; });
  await client.onMessage({ client_id: 'sink' }, ({ content }) => {
    messages.push(content);
    if (messages.length === 500) complete();
  }).ready;
  const channel = client.fast({ batchMessages: 100 });
  const sent = await Promise.all(Array.from({ length: 500 }, (_, n) =>
    channel.send({ performative: 'inform', receiver: 'sink', content: n })));
  await channel.close();
  await all;

  const code = await client.getAgent('nobody').catch((error) =>
    CaxtonError.is(error) ? [error.code, error.status] : String(error));
  const wrong = new CaxtonClient({ endpoint: location.origin, apiKey: 'another' });
  wrong.on('error', () => {});
  const refusal = await wrong.on('agent.*', () => {}).ready.catch((error) => error.code);
  client.close();
  return {
    events,
    reply: reply.content,
    ids: new Set(sent.map(({ message_id }) => message_id)).size,
    inOrder: messages.every((content, n) => content === n),
    code,
    refusal,
  };
}`;

test('a page deploys, sends, receives events and messages, and uses the fast channel', async (context) => {
  if (!hasToolchain(context, 'chromium')) return;
  const sha256 = createHash('sha256').update('the-key').digest('hex');
  const server = await startTestServer({ tokens: [{ name: 'page', role: 'admin', sha256 }] });
  const origin = await startOneOrigin(server.url);
  const browser = await Chromium.start();
  try {
    const page = await browser.open(`${origin.url}/`);
    assert.deepEqual(await page.run(PROGRAM), {
      events: ['echo'],
      reply: { text: 'hé' },
      ids: 500,
      inOrder: true,
      code: ['AGENT_NOT_FOUND', 404],
      refusal: 'UNAUTHORIZED',
    });
  } finally {
    await browser.close();
    origin.close();
    await server.close();
  }
});
