import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LIMITS } from '../../src/base/limits.js';
import type { WaitAnswer } from '../api/driver.js';
import { ServeProcess } from '../cli/cli-process.js';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { call, deployForm } from '../support/rest-client.js';
import { GrpcTestClient } from '../transport/grpc/client.js';
import { historyOf } from './load.js';
import { type Outcome, PRODUCERS, type Target } from './overload-producers.js';

/** Sends for each message that the agent takes. */
const TIMES = 10;
const MAILBOX = 10;
/** A hundredth of a core, so that it is slow on every machine, also beside a busy one. */
const CPU = '10m';
const AT_ONCE = 250;
const SENT_MIN = 1_000;
const RETRY_MS = 10;

/** What overload may take at most: every queue full, what is kept of messages, and as much again. */
const GROWTH_MAX =
  2 *
  (LIMITS.store_ring_bytes +
    2 * LIMITS.ring_bytes +
    LIMITS.mailbox_bytes +
    LIMITS.websocket_backpressure_bytes +
    LIMITS.message_log_bytes +
    LIMITS.event_log_bytes +
    LIMITS.request_body_bytes);

let server: ServeProcess;
before(async () => {
  server = await ServeProcess.start();
  await deploy('echo', sampleAgent('echo'));
});
after(() => server?.close());

async function deploy(name: string, module: Uint8Array<ArrayBuffer>, limits = {}): Promise<void> {
  const form = deployForm(module, { name, resources: { mailbox: MAILBOX, ...limits } });
  await call(`${server.url}/api/v1/agents`, 'POST', form);
}

function residentBytes(): number {
  const status = readFileSync(`/proc/${server.process.child.pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1_024;
}

/** Asks until it is answered. @returns after how many milliseconds it was */
async function answeredAfterMs(receiver: string): Promise<number> {
  const beganMs = performance.now();
  const message = { performative: 'request', sender: 'asking', receiver, content: 1 };
  await eventually(`${receiver} answers`, async () => {
    try {
      await call<WaitAnswer>(`${server.url}/api/v1/messages?wait=true`, 'POST', message);
      return true;
    } catch {
      await sleep(RETRY_MS);
      return false;
    }
  });
  return Math.round(performance.now() - beganMs);
}

/** Every accepted message was handled once, in the order in which they were accepted. */
async function checkHandled(target: Target, accepted: ReadonlySet<string>): Promise<void> {
  const replies = await eventually('all that was accepted is answered', async () => {
    const found = await historyOf(server.url, target.sender, 'receiver');
    return found.length >= accepted.size && found;
  });
  const sent = await historyOf(server.url, target.sender);
  assert.deepEqual(
    sent.map(({ message_id }) => message_id).sort(),
    [...accepted].sort(),
    'what was refused is nowhere',
  );
  assert.deepEqual(
    replies.map(({ in_reply_to }) => in_reply_to),
    sent.map(({ reply_with }) => reply_with),
  );
}

function checkRefusals(outcomes: readonly Outcome[], transport: string): void {
  const refused = outcomes.filter(({ messageId }) => messageId === undefined);
  const codes = new Set(refused.map(({ code }) => code));
  assert.deepEqual(codes, new Set(['RESOURCE_LIMIT_EXCEEDED']));
  for (const { retryAfterS } of refused) assert.ok(Number(retryAfterS) >= 1, 'says when to retry');
  const statuses = new Set(refused.map(({ status }) => status));
  if (transport === 'REST') assert.deepEqual(statuses, new Set([429]));
  if (transport === 'gRPC') assert.deepEqual(statuses, new Set([8]));
}

/** Sends more than the agent takes until ten times as much was sent as was accepted. */
async function overload(transport: string, t: TestContext): Promise<void> {
  const receiver = `slow-${transport.toLowerCase().replace(' ', '-')}`;
  await deploy(receiver, await guest('slow-agent'), { cpu: CPU });
  const sender = `sender-of-${receiver}`;
  const target: Target = { url: server.url, grpcAddress: server.grpcAddress, receiver, sender };
  const producer = await PRODUCERS[transport]!(target);
  const bytesBefore = residentBytes();
  let bytesMost = bytesBefore;
  const accepted = new Set<string>();
  let sent = 0;
  try {
    while (sent < TIMES * Math.max(accepted.size, SENT_MIN / TIMES)) {
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => sent + index);
      const outcomes = await producer.sendAll(numbers);
      sent += AT_ONCE;
      assert.equal(outcomes.length, AT_ONCE);
      checkRefusals(outcomes, transport);
      for (const { messageId } of outcomes) if (messageId !== undefined) accepted.add(messageId);
      bytesMost = Math.max(bytesMost, residentBytes());
    }
  } finally {
    producer.close();
  }
  const [others, itself] = await Promise.all([answeredAfterMs('echo'), answeredAfterMs(receiver)]);
  await checkHandled(target, accepted);
  const grownBytes = bytesMost - bytesBefore;
  assert.ok(grownBytes < GROWTH_MAX, `${grownBytes} bytes more, of ${GROWTH_MAX} allowed`);
  t.diagnostic(
    `${transport}: ${sent} sent, ${accepted.size} accepted, ${Math.round(grownBytes / 2 ** 20)} MiB more; another agent answers after ${others} ms, the same after ${itself} ms`,
  );
}

describe('ten times as many messages as an agent takes', () => {
  for (const transport of Object.keys(PRODUCERS)) {
    it(`over ${transport}: what is too much is refused with a time to come again, the rest is handled once and in order`, (t) =>
      overload(transport, t));
  }

  it('over gRPC SendMessages: the answer counts what was refused, and the rest is handled once and in order', async () => {
    await deploy('slow-send-messages', await guest('slow-agent'), { cpu: CPU });
    const sender = 'sender-of-send-messages';
    const client = new GrpcTestClient(server.grpcAddress);
    const requests = Array.from({ length: SENT_MIN }, (_, number) => ({
      message: {
        performative: 'request',
        sender,
        receiver: 'slow-send-messages',
        reply_with: String(number),
        content_value: { numberValue: number },
      },
    }));
    const answer = await client.sendAll<{
      readonly accepted: number;
      readonly refused: number;
      readonly errors: ReadonlyArray<{ readonly error: { readonly code: string } }>;
    }>('MessageService/SendMessages', requests);
    client.close();
    assert.equal(answer.accepted + answer.refused, requests.length);
    assert.ok(
      answer.accepted >= MAILBOX && answer.refused > answer.accepted,
      JSON.stringify(answer),
    );
    assert.equal(answer.errors.length, LIMITS.stream_errors);
    const codes = new Set(answer.errors.map(({ error }) => error.code));
    assert.deepEqual(codes, new Set(['RESOURCE_LIMIT_EXCEEDED']));
    const sent = await historyOf(server.url, sender);
    assert.equal(sent.length, answer.accepted);
    const target = { url: server.url, grpcAddress: '', receiver: 'slow-send-messages', sender };
    await checkHandled(target, new Set(sent.map(({ message_id }) => message_id)));
  });
});
