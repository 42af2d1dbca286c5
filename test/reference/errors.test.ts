import assert from 'node:assert/strict';
import { after, before, describe, mock, test } from 'node:test';
import { ERROR_TABLE } from '../../src/base/errors.js';
import { createLogger } from '../../src/base/log.js';
import { createToken } from '../../src/config/tokens.js';
import { eventually } from '../support/eventually.js';
import { guest, sampleAgent } from '../support/guests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { type ReferenceClient, type Refusal, withConfig } from './client.js';
import { grpcReferenceClient } from './grpc-client.js';
import { deployAgent, getAgentDetails, listAgents } from './printed/agents.js';
import { errorCodes, errorResponse, type PrintedCode } from './printed/errors.js';
import { queryMessageHistory, sendMessage } from './printed/messages.js';
import { getSystemMetrics } from './printed/metrics.js';
import { restReferenceClient } from './rest-client.js';
import { departures } from './shape.js';

const admin = createToken();
const viewer = createToken();
const hurried = createToken();

let server: TestServer;
before(async () => {
  const slowly = { rate_per_minute: 1, burst: 1 };
  const tokens = [
    { name: 'admin', role: 'admin' as const, sha256: admin.sha256 },
    { name: 'viewer', role: 'viewer' as const, sha256: viewer.sha256 },
    {
      name: 'hurried',
      role: 'admin' as const,
      sha256: hurried.sha256,
      rate_limits: { enabled: true, metrics: slowly },
    },
  ];
  // One of the errors is a fault of the server, which would be in the log.
  server = await startTestServer({ tokens }, createLogger({ level: 'silent' }));
});
after(() => server?.close());

const clients = { REST: restReferenceClient, gRPC: grpcReferenceClient };
for (const [transport, makeClient] of Object.entries(clients)) {
  const statusOf = (code: PrintedCode): number =>
    ERROR_TABLE[code][transport === 'REST' ? 'httpStatus' : 'grpcStatus'];

  describe(`the error codes of the API reference over ${transport}`, () => {
    const opened: ReferenceClient[] = [];
    after(() => {
      for (const client of opened) client.close();
    });
    const as = (token?: string): ReferenceClient => {
      const client = makeClient(server, token);
      opened.push(client);
      return client;
    };

    function checkRefusal(code: PrintedCode, { status, error }: Refusal): Refusal['error'] {
      const { code: _, details: __, ...printed } = errorResponse.error;
      assert.deepEqual(departures({ ...printed, details: {} }, error), []);
      assert.deepEqual([error.code, status], [code, statusOf(code)], error.message);
      return error;
    }

    const deploy = async (name: string, module: string | Uint8Array<ArrayBuffer>) => ({
      exchange: withConfig(deployAgent, { name: `${transport}-${name}` }),
      real: { '@agent.wasm': typeof module === 'string' ? await guest(module) : module },
    });

    async function refusedDeploy(code: PrintedCode, name: string, module: string): Promise<void> {
      const { exchange, real } = await deploy(name, module);
      checkRefusal(code, await as(admin.token).refusal(exchange, real));
    }

    test('AGENT_NOT_FOUND, with the printed body', async () => {
      const refusal = await as(admin.token).refusal(getAgentDetails, { agent_123: 'agent_999' });
      const error = checkRefusal('AGENT_NOT_FOUND', refusal);
      const real = { agent_999: 'agent_999' };
      assert.deepEqual(departures(errorResponse, { error }, { real }), []);
      assert.equal(error.message, errorResponse.error.message);
    });

    test('AGENT_ALREADY_EXISTS', async () => {
      const { exchange, real } = await deploy('twice', sampleAgent('echo'));
      await as(admin.token).ask(exchange, real);
      checkRefusal('AGENT_ALREADY_EXISTS', await as(admin.token).refusal(exchange, real));
    });

    test('INVALID_WASM', () => refusedDeploy('INVALID_WASM', 'no-entry', 'missing-handle-message'));

    test('RESOURCE_LIMIT_EXCEEDED', () =>
      refusedDeploy('RESOURCE_LIMIT_EXCEEDED', 'large', 'big-initial-memory'));

    test('DEPLOYMENT_FAILED', () => refusedDeploy('DEPLOYMENT_FAILED', 'init', 'init-traps'));

    test('MESSAGE_DELIVERY_FAILED', async () => {
      // The send itself is accepted. Its sender is told by a message, as by any answer of an agent.
      const { exchange, real } = await deploy('trap', 'trap-unreachable');
      const client = as(admin.token);
      const { agent_id } = (await client.ask(exchange, real)) as { readonly agent_id: string };
      const conversation = { agent_123: agent_id, conv_789: `conv_${transport}_failed` };
      await client.ask(sendMessage, conversation);
      const failure = await eventually('the failure is in the history', async () => {
        const page = await client.ask(queryMessageHistory, conversation);
        const { messages } = page as { readonly messages: ReadonlyArray<Record<string, unknown>> };
        return messages.find(({ performative }) => performative === 'failure');
      });
      const { error } = failure.content as { readonly error: Readonly<Record<string, string>> };
      assert.equal(error.code, 'MESSAGE_DELIVERY_FAILED');
      assert.equal(failure.in_reply_to, 'msg_001');
      assert.equal(typeof error.message, 'string');
    });

    test('UNAUTHORIZED', async () => {
      checkRefusal('UNAUTHORIZED', await as().refusal(listAgents));
      checkRefusal('UNAUTHORIZED', await as('unknown').refusal(listAgents));
    });

    test('FORBIDDEN', async () => {
      const { exchange, real } = await deploy('forbidden', sampleAgent('echo'));
      checkRefusal('FORBIDDEN', await as(viewer.token).refusal(exchange, real));
    });

    test('RATE_LIMITED', async () => {
      const client = as(hurried.token);
      await client.ask(getSystemMetrics).catch(() => undefined);
      checkRefusal('RATE_LIMITED', await client.refusal(getSystemMetrics));
    });

    test('INTERNAL_ERROR', async () => {
      const fault = (): never => {
        throw new Error('a fault of the server');
      };
      const broken = mock.method(server.server.runtime.metrics, 'system', fault);
      try {
        const refusal = await as(admin.token).refusal(getSystemMetrics);
        const error = checkRefusal('INTERNAL_ERROR', refusal);
        assert.doesNotMatch(error.message, /a fault of/);
      } finally {
        broken.mock.restore();
      }
    });
  });
}

test('every printed code has its printed status and meaning', () => {
  for (const [code, httpStatus, description] of errorCodes) {
    const known = ERROR_TABLE[code];
    assert.deepEqual([known.httpStatus, known.description], [httpStatus, description], code);
  }
});
