import { join } from 'node:path';
import { Client, credentials } from '@grpc/grpc-js';
import { loadSync, type ServiceDefinition } from '@grpc/proto-loader';
import { packageRoot } from '../package-root.js';
import type { ApiConnection, Outgoing, Reply } from './apis.js';

/** google.protobuf.Value, as its messages are. */
interface Value {
  nullValue?: 'NULL_VALUE';
  numberValue?: number;
  stringValue?: string;
  boolValue?: boolean;
  structValue?: Struct;
  listValue?: { values: Value[] };
}

interface Struct {
  fields: Record<string, Value>;
}

interface MessageReply {
  readonly reply: { readonly performative: string; readonly content: Struct };
}

/** The gRPC API, from the .proto files as any other program would use them. */
export class GrpcApi implements ApiConnection {
  readonly name = 'gRPC';
  readonly #client: Client;
  readonly #service: ServiceDefinition;

  constructor(address: string) {
    const definitions = loadSync('caxton/v1/message.proto', {
      includeDirs: [join(packageRoot(import.meta.url), 'proto')],
      oneofs: true,
    });
    this.#service = definitions['caxton.v1.MessageService'] as ServiceDefinition;
    this.#client = new Client(address, credentials.createInsecure());
  }

  ask(message: Outgoing): Promise<Reply> {
    const method = this.#service.SendMessageAndWait!;
    const request = { message: { ...message, content: toStruct(message.content) } };
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        (error, answer) => {
          if (error) return reject(error);
          const { performative, content } = (answer as MessageReply).reply;
          return resolve({ performative, content: fromStruct(content) });
        },
      );
    });
  }

  close(): void {
    this.#client.close();
  }
}

function toStruct(content: object): Struct {
  const fields = Object.entries(content).map(([name, value]) => [name, toValue(value)] as const);
  return { fields: Object.fromEntries(fields) };
}

function toValue(value: unknown): Value {
  if (value === null) return { nullValue: 'NULL_VALUE' };
  if (typeof value === 'number') return { numberValue: value };
  if (typeof value === 'string') return { stringValue: value };
  if (typeof value === 'boolean') return { boolValue: value };
  if (Array.isArray(value)) return { listValue: { values: value.map(toValue) } };
  return { structValue: toStruct(value as object) };
}

function fromStruct({ fields }: Struct): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, fromValue(value)]),
  );
}

function fromValue(value: Value): unknown {
  if (value.structValue) return fromStruct(value.structValue);
  if (value.listValue) return value.listValue.values.map(fromValue);
  return value.numberValue ?? value.stringValue ?? value.boolValue ?? null;
}
