import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { loadConfig } from '../../src/config/load-config.js';
import { createToken } from '../../src/config/tokens.js';
import { request } from '../support/rest-client.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { connect } from '../support/ws-client.js';
import { GrpcTestClient } from '../transport/grpc/client.js';

describe('API Overview', () => {
  const { token, sha256 } = createToken();
  let server: TestServer;
  before(async () => {
    server = await startTestServer({ tokens: [{ name: 'your', role: 'admin', sha256 }] });
  });
  after(() => server?.close());

  test('Base URLs', () => {
    const { http, grpc } = loadConfig();
    assert.deepEqual([grpc.port, http.port], [50051, 8080]);
  });

  test('Authentication over REST', async () => {
    const url = `${server.url}/api/v1/agents`;
    const known = await request(url, 'GET', undefined, { 'X-Caxton-Token': token });
    assert.equal(known.status, 200);
    assert.equal((await request(url, 'GET')).status, 401);
  });

  test('Authentication over gRPC', async () => {
    const known = new GrpcTestClient(server.grpcAddress, { authorization: `Bearer ${token}` });
    const unknown = new GrpcTestClient(server.grpcAddress);
    try {
      await known.call('AgentService/ListAgents');
      assert.equal((await unknown.failure('AgentService/ListAgents')).error?.code, 'UNAUTHORIZED');
    } finally {
      known.close();
      unknown.close();
    }
  });

  test('Authentication over WebSocket', async () => {
    const client = await connect(`${server.url.replace('http', 'ws')}/ws`, {
      'X-Caxton-Token': token,
    });
    await client.close();
    await assert.rejects(connect(server.wsUrl), { code: 'UNAUTHORIZED' });
  });
});
