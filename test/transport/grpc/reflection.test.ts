import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { GrpcReflection } from 'grpc-js-reflection-client';
import { sampleAgent } from '../../support/guests.js';
import { startTestServer, type TestServer } from '../../support/server.js';

let server: TestServer;
before(async () => {
  server = await startTestServer();
});
after(() => server?.close());

const versions = ['v1', 'v1alpha'] as const;

function reflection(version: string): GrpcReflection {
  return new GrpcReflection(server.grpcAddress, credentials.createInsecure(), {}, version);
}

/** Calls a method that is known by reflection alone. */
async function callReflected<Response>(
  service: string,
  name: string,
  request: object,
): Promise<Response> {
  const found = await reflection('v1').getDescriptorBySymbol(service);
  const method = found.getProtobufJsRoot().resolveAll().lookupService(service).methods[name]!;
  const [requestType, responseType] = [method.resolvedRequestType!, method.resolvedResponseType!];
  const client = new Client(server.grpcAddress, credentials.createInsecure());
  try {
    return await new Promise<Response>((resolve, reject) => {
      client.makeUnaryRequest(
        `/${service}/${name}`,
        (fields: object) =>
          Buffer.from(requestType.encode(requestType.fromObject(fields)).finish()),
        (bytes) => responseType.toObject(responseType.decode(bytes), { enums: String }) as Response,
        request,
        new Metadata(),
        (error, response) => (error === null ? resolve(response!) : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}

test('reflection lists the services', async () => {
  for (const version of versions) {
    assert.deepEqual((await reflection(version).listServices()).sort(), [
      'caxton.v1.AgentService',
      'caxton.v1.DeploymentService',
      'caxton.v1.EventService',
      'caxton.v1.MessageService',
      'caxton.v1.MetricsService',
      'caxton.v1.TaskService',
      'grpc.health.v1.Health',
    ]);
  }
});

test('reflection describes a service with every type it needs', async () => {
  for (const version of versions) {
    const found = await reflection(version).getDescriptorBySymbol('caxton.v1.MessageService');
    const root = found.getProtobufJsRoot().resolveAll();
    const { fields } = root.lookupType('caxton.v1.FipaMessage');
    assert.equal(fields.content?.id, 4);
    assert.equal(fields.content?.resolvedType?.fullName, '.google.protobuf.Struct');
    assert.equal(
      root.lookupService('caxton.v1.MessageService').methods.SendMessage?.responseType,
      '.caxton.v1.SendMessageResponse',
    );
  }
});

test('reflection gives files by the names they import each other by', async () => {
  const file = await reflection('v1').getDescriptorByFileName('google/protobuf/struct.proto');
  assert.ok(file.getProtobufJsRoot().lookupType('google.protobuf.Value'));
  await assert.rejects(reflection('v1').getDescriptorByFileName('caxton/v1/none.proto'));
});

test('a client that knows nothing but the address lists, deploys and sends', async () => {
  const agents = 'caxton.v1.AgentService';
  const deployed = await callReflected<{ status: string }>(agents, 'DeployAgent', {
    wasmModule: sampleAgent('echo'),
    config: { name: 'reflected' },
  });
  assert.equal(deployed.status, 'AGENT_STATUS_RUNNING');
  const listed = await callReflected<{ agents: Array<{ name: string }>; total: number }>(
    agents,
    'ListAgents',
    {},
  );
  assert.deepEqual([listed.agents.map(({ name }) => name), listed.total], [['reflected'], 1]);
  const answer = await callReflected<{ reply: { content: { fields: object } } }>(
    'caxton.v1.MessageService',
    'SendMessageAndWait',
    {
      message: {
        performative: 'request',
        receiver: 'reflected',
        content: { fields: { action: { stringValue: 'process' } } },
      },
    },
  );
  const { action } = answer.reply.content.fields as { action: { stringValue: string } };
  assert.equal(action.stringValue, 'process');
});
