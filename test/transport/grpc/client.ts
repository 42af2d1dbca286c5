import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  type ChannelCredentials,
  Client,
  type ClientOptions,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { packageRoot } from '../../../scripts/package-root.js';
import type { ErrorBody } from '../../../src/base/errors.js';

/** The protos as another program would load them, apart from how the server does. */
const definitions = loadSync(
  [
    'caxton/v1/agent.proto',
    'caxton/v1/deployment.proto',
    'caxton/v1/message.proto',
    'caxton/v1/metrics.proto',
    'caxton/v1/task.proto',
  ],
  {
    includeDirs: [join(packageRoot(import.meta.url), 'proto')],
    keepCase: true,
    longs: Number,
    enums: String,
    arrays: true,
  },
);

// protobufjs bounds the depth of what a client may send, below what the server has to refuse.
const loaderRequire = createRequire(createRequire(import.meta.url).resolve('@grpc/proto-loader'));
(loaderRequire('protobufjs') as { util: { recursionLimit: number } }).util.recursionLimit = 10_000;

export interface CallOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Milliseconds from now. */
  readonly deadlineMs?: number;
  readonly signal?: AbortSignal;
  /** Told of the metadata that comes before the answer. */
  readonly received?: (metadata: Metadata) => void;
}

/** What a failed call carries. */
export interface CallFailure {
  /** gRPC status. */
  readonly status: number;
  readonly message: string;
  readonly metadata: Metadata;
  /** The error of the table; absent when gRPC itself refused the call. */
  readonly error: ErrorBody['error'] | undefined;
}

/** A native gRPC client of one server. */
export class GrpcTestClient {
  readonly #client: Client;
  readonly #metadata: Readonly<Record<string, string>>;

  constructor(
    address: string,
    metadata: Readonly<Record<string, string>> = {},
    options: ClientOptions = {},
    channel: ChannelCredentials = credentials.createInsecure(),
  ) {
    this.#client = new Client(address, channel, options);
    this.#metadata = metadata;
  }

  /** @param method such as "AgentService/ListAgents". Rejects with grpc-js's ServiceError. */
  call<Response>(method: string, request: object = {}, options: CallOptions = {}) {
    const [service, name] = method.split('/') as [string, string];
    const definition = (definitions[`caxton.v1.${service}`] as ServiceDefinition)[name]!;
    const metadata = new Metadata();
    for (const [key, value] of Object.entries({ ...this.#metadata, ...options.metadata })) {
      metadata.set(key, value);
    }
    return new Promise<Response>((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        definition.path,
        definition.requestSerialize,
        definition.responseDeserialize,
        request,
        metadata,
        options.deadlineMs === undefined ? {} : { deadline: Date.now() + options.deadlineMs },
        (error, response) => {
          if (error === null) resolve(response as Response);
          else reject(error);
        },
      );
      if (options.received !== undefined) call.on('metadata', options.received);
      options.signal?.addEventListener('abort', () => call.cancel());
    });
  }

  /** The failure of a call that must fail. */
  async failure(method: string, request: object = {}, options: CallOptions = {}) {
    try {
      await this.call(method, request, options);
    } catch (error) {
      return callFailure(error);
    }
    throw new Error(`${method} did not fail`);
  }

  close(): void {
    this.#client.close();
  }
}

export function callFailure(error: unknown): CallFailure {
  const { code, details, metadata } = error as ServiceError;
  if (typeof code !== 'number') throw error;
  const text = metadata?.get('caxton-error')[0]?.toString();
  return {
    status: code,
    message: details,
    metadata,
    error: text === undefined ? undefined : (JSON.parse(text) as ErrorBody).error,
  };
}

/** Decodes a message of the package, such as Error. */
export function decodeMessage(type: string, bytes: Uint8Array): object {
  const definition = definitions[`caxton.v1.${type}`] as MessageTypeDefinition<object, object>;
  return definition.deserialize(Buffer.from(bytes));
}
