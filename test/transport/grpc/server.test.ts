import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { protoPath } from 'grpc-health-check';
import { Api } from '../../../src/api/api.js';
import { CaxtonError } from '../../../src/base/errors.js';
import { LIMITS } from '../../../src/base/limits.js';
import { createLogger } from '../../../src/base/log.js';
import { startGrpc } from '../../../src/transport/grpc/server.js';
import { sampleAgent } from '../../support/guests.js';
import { startTestServer, type TestServer } from '../../support/server.js';
import { GrpcTestClient } from './client.js';

const logger = createLogger({ level: 'silent' });
const health = loadSync(protoPath, { enums: String })['grpc.health.v1.Health'] as ServiceDefinition;

async function withServer(run: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await startTestServer();
  try {
    await run(server);
  } finally {
    await server.close();
  }
}

async function withClient<T>(address: string, run: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client(address, credentials.createInsecure());
  try {
    return await run(client);
  } finally {
    client.close();
  }
}

/** What the health service says of a service; '' = the whole server. */
function checkHealth(client: Client, service: string): Promise<string> {
  const { path, requestSerialize, responseDeserialize } = health.Check!;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      { service },
      new Metadata(),
      (error, response) =>
        error === null ? resolve((response as { status: string }).status) : reject(error),
    );
  });
}

/** All that a watch of the whole server is told, until it ends. */
function watchHealth(client: Client): { readonly seen: string[]; readonly ended: Promise<void> } {
  const { path, requestSerialize, responseDeserialize } = health.Watch!;
  const seen: string[] = [];
  const watch = client.makeServerStreamRequest(
    path,
    requestSerialize,
    responseDeserialize,
    { service: '' },
    new Metadata(),
  ) as ClientReadableStream<{ status: string }>;
  const ended = new Promise<void>((resolve) => {
    watch.on('data', (response) => seen.push(response.status));
    watch.on('error', () => resolve());
    watch.on('end', () => resolve());
  });
  return { seen, ended };
}

test('health is served for the whole server and for each service', async () => {
  await withServer(async ({ grpcAddress }) => {
    await withClient(grpcAddress, async (client) => {
      const services = ['AgentService', 'MessageService', 'MetricsService', 'TaskService'];
      for (const service of ['', ...services]) {
        const name = service && `caxton.v1.${service}`;
        assert.equal(await checkHealth(client, name), 'SERVING');
      }
      await assert.rejects(
        checkHealth(client, 'caxton.v1.NoService'),
        (error: ServiceError) => error.code === status.NOT_FOUND,
      );
    });
  });
});

test('health follows what it is told, and those that watch it are told too', async () => {
  await withServer(async ({ server }) => {
    const api = new Api(server.runtime);
    const grpc = await startGrpc({ api, host: '127.0.0.1', port: 0, logger });
    await withClient(`127.0.0.1:${grpc.port}`, async (client) => {
      const watch = watchHealth(client);
      assert.equal(await checkHealth(client, ''), 'SERVING');
      grpc.setServing(false);
      assert.equal(await checkHealth(client, ''), 'NOT_SERVING');
      assert.equal(await checkHealth(client, 'caxton.v1.AgentService'), 'NOT_SERVING');
      grpc.setServing(true);
      assert.equal(await checkHealth(client, ''), 'SERVING');
      await grpc.close();
      await watch.ended;
      assert.deepEqual(watch.seen, ['SERVING', 'NOT_SERVING', 'SERVING', 'NOT_SERVING']);
    });
  });
});

test('a port that is taken is named in the refusal', async () => {
  await withServer(async ({ server }) => {
    const api = new Api(server.runtime);
    await assert.rejects(
      startGrpc({ api, host: '127.0.0.1', port: server.grpcPort, logger }),
      (error: unknown) =>
        error instanceof CaxtonError &&
        error.code === 'UNAVAILABLE' &&
        error.message.includes(`127.0.0.1:${server.grpcPort}`) &&
        error.details.field === 'grpc',
    );
  });
});

test('IPv6 addresses are served', async (context) => {
  await withServer(async ({ server }) => {
    const api = new Api(server.runtime);
    const grpc = await startGrpc({ api, host: '::1', port: 0, logger }).catch(() => undefined);
    if (grpc === undefined) return context.skip('this machine has no IPv6');
    const client = new GrpcTestClient(`[::1]:${grpc.port}`);
    try {
      const answer = await client.call<{ status: string }>('MetricsService/GetStatus');
      assert.equal(answer.status, 'ready');
    } finally {
      client.close();
      await grpc.close();
    }
  });
});

test('a call under way is answered before the server closes, and none is taken after', async () => {
  await withServer(async ({ server }) => {
    const api = new Api(server.runtime);
    const grpc = await startGrpc({ api, host: '127.0.0.1', port: 0, logger });
    const client = new GrpcTestClient(`127.0.0.1:${grpc.port}`);
    try {
      await client.call('AgentService/DeployAgent', {
        wasm_module: sampleAgent('echo'),
        config: { name: 'echo' },
      });
      await client.call('MessageService/SendMessage', {
        message: { performative: 'inform', sender: 'silent', receiver: 'echo' },
      });
      const waiting = client.failure('MessageService/SendMessageAndWait', {
        message: { performative: 'request', receiver: 'silent' },
        options: { timeout_ms: 300 },
      });
      await client.call('MetricsService/GetStatus');
      await Promise.all([grpc.close(), grpc.close()]);
      assert.equal((await waiting).error?.code, 'TIMEOUT');
      const after = await client.failure('MetricsService/GetStatus', {}, { deadlineMs: 10_000 });
      assert.equal(after.status, status.UNAVAILABLE);
    } finally {
      client.close();
      await grpc.close();
    }
  });
});

test('a call that would outlast the drain is ended', async () => {
  await withServer(async ({ server }) => {
    const api = new Api(server.runtime);
    const grpc = await startGrpc({ api, host: '127.0.0.1', port: 0, logger });
    const client = new GrpcTestClient(`127.0.0.1:${grpc.port}`);
    try {
      await client.call('AgentService/DeployAgent', {
        wasm_module: sampleAgent('echo'),
        config: { name: 'echo' },
      });
      await client.call('MessageService/SendMessage', {
        message: { performative: 'inform', sender: 'silent', receiver: 'echo' },
      });
      const waiting = client.failure('MessageService/SendMessageAndWait', {
        message: { performative: 'request', receiver: 'silent' },
        options: { timeout_ms: LIMITS.wait_max_ms },
      });
      await client.call('MetricsService/GetStatus');
      await grpc.close();
      assert.equal((await waiting).error, undefined);
    } finally {
      client.close();
      await grpc.close();
    }
  });
});
