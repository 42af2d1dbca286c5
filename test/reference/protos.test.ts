import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import protobuf from 'protobufjs';
import { PACKAGE } from '../../src/transport/grpc/protos.js';
import { sampleAgent } from '../support/guests.js';
import { startTestServer, type TestServer } from '../support/server.js';
import { GrpcTestClient } from '../transport/grpc/client.js';
import { protos } from './grpc-client.js';
import { ofMessage, toMessage } from './grpc-json.js';
import { sendMessage } from './printed/messages.js';
import { agentService, messageService } from './printed/protos.js';

const printedTexts = { AgentService: agentService, MessageService: messageService };

/** Fields and methods as they are declared, such as "repeated Agent agents = 1". */
function declarations(object: protobuf.ReflectionObject): string[] {
  if (object instanceof protobuf.Service) {
    return object.methodsArray.map(
      ({ name, requestType, responseType, requestStream, responseStream }) =>
        `rpc ${name}(${requestStream ? 'stream ' : ''}${requestType}) returns (${responseStream ? 'stream ' : ''}${responseType})`,
    );
  }
  if (!(object instanceof protobuf.Type)) return [];
  return object.fieldsArray.map((field) => {
    const type =
      field instanceof protobuf.MapField ? `map<${field.keyType}, ${field.type}>` : field.type;
    return `${field.repeated ? 'repeated ' : ''}${type} ${field.name} = ${field.id}`;
  });
}

for (const [service, text] of Object.entries(printedTexts)) {
  const { root } = protobuf.parse(`syntax = "proto3";${text}`, { keepCase: true });
  for (const printed of root.nestedArray) {
    test(`${printed.name} of ${service} has what the API reference declares`, () => {
      const known = declarations(protos.lookup(`${PACKAGE}.${printed.name}`)!);
      for (const declared of declarations(printed)) {
        assert.ok(known.includes(declared), `${declared} is not among ${known.join('; ')}`);
      }
    });
  }
}

describe('the methods that the API reference declares', () => {
  let server: TestServer;
  let client: GrpcTestClient;
  before(async () => {
    server = await startTestServer();
    client = new GrpcTestClient(server.grpcAddress);
    await client.call('AgentService/DeployAgent', {
      wasm_module: sampleAgent('echo'),
      config: {
        name: 'echo',
        resources: { memory: '50MB', cpu: '100000' },
        environment: { key: 'value' },
        capabilities: ['echoing'],
      },
    });
  });
  after(async () => {
    client?.close();
    await server?.close();
  });

  const fipaMessage = protos.lookupType(`${PACKAGE}.FipaMessage`);
  const message = {
    ...sendMessage.request,
    receiver: 'echo',
    in_reply_to: 'msg_000',
    ontology: 'orders',
    language: 'json',
  };

  test('every printed field of a FipaMessage goes from sender to history', async () => {
    const { message_id } = await client.call<{ message_id: string }>('MessageService/SendMessage', {
      message: toMessage(fipaMessage, message),
      options: { persist: true },
    });
    const kept = ofMessage(
      fipaMessage,
      await client.call<Record<string, unknown>>('MessageService/GetMessage', { message_id }),
    );
    for (const [name, value] of Object.entries(message)) {
      if (name !== 'receiver') assert.deepEqual(kept[name], value, name);
    }
    assert.match(String(kept.receiver), /^agent_/);
  });

  test('SendMessageAndWait answers with a MessageReply', async () => {
    const { reply, message_id, status } = await client.call<{
      readonly reply: Record<string, unknown>;
      readonly message_id: string;
      readonly status: string;
    }>('MessageService/SendMessageAndWait', { message: toMessage(fipaMessage, message) });
    assert.match(message_id, /^msg_/);
    assert.equal(status, 'replied');
    const { performative, in_reply_to, conversation_id, content } = ofMessage(fipaMessage, reply);
    assert.deepEqual(
      [performative, in_reply_to, conversation_id],
      ['inform', message.reply_with, message.conversation_id],
    );
    assert.deepEqual(content, message.content);
  });
});
