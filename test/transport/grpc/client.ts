import { createRequire } from 'node:module';
import { join } from 'node:path';
import {
  type ChannelCredentials,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { loadSync, type MessageTypeDefinition, type ServiceDefinition } from '@grpc/proto-loader';
import { packageRoot } from '../../../scripts/package-root.js';
import type { ErrorBody } from '../../../src/base/errors.js';
import { eventually } from '../../support/eventually.js';

/** The protos as another program would load them, apart from how the server does. */
const definitions = loadSync(
  ['agent', 'deployment', 'event', 'message', 'metrics', 'task'].map(
    (name) => `caxton/v1/${name}.proto`,
  ),
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

type AnswerCall = ClientReadableStream<object> | ClientDuplexStream<object, object>;

/** What the server sends on a call, kept in order until it is taken. */
export class AnswerStream<Response> {
  readonly received: Response[] = [];
  readonly call: AnswerCall;
  /** Set when the call is over: by its failure, or undefined within when it ended well. */
  ended: { readonly failure: CallFailure | undefined } | undefined;

  constructor(call: AnswerCall) {
    this.call = call;
    call.on('data', (response: object) => this.received.push(response as Response));
    call.on('error', (error) => {
      this.ended = { failure: callFailure(error) };
    });
    call.on('end', () => {
      this.ended ??= { failure: undefined };
    });
  }

  /** The next so many, when they are there. */
  async take(count = 1): Promise<Response[]> {
    await eventually(`${count} answers`, () => {
      if (this.received.length >= count) return true;
      if (this.ended !== undefined) {
        throw new Error(`ended: ${this.ended.failure?.message ?? 'without more'}`);
      }
      return false;
    });
    return this.received.splice(0, count);
  }

  async end(): Promise<CallFailure | undefined> {
    return (await eventually('the call ends', () => this.ended)).failure;
  }
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
    const definition = this.#definition(method);
    const metadata = this.#metadataOf(options);
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

  /** A call on which the server sends many. */
  subscribe<Response>(method: string, request: object = {}) {
    const { path, requestSerialize, responseDeserialize } = this.#definition(method);
    return new AnswerStream<Response>(
      this.#client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        this.#metadataOf({}),
      ),
    );
  }

  /** A call on which both send many. */
  converse<Response>(method: string, options: CallOptions = {}) {
    const { path, requestSerialize, responseDeserialize } = this.#definition(method);
    const call = this.#client.makeBidiStreamRequest(
      path,
      requestSerialize,
      responseDeserialize,
      this.#metadataOf(options),
    );
    return { call, answers: new AnswerStream<Response>(call) };
  }

  /** Sends all of them on one call; resolves with its one answer. */
  sendAll<Response>(method: string, requests: Iterable<object>, options: CallOptions = {}) {
    const { path, requestSerialize, responseDeserialize } = this.#definition(method);
    return new Promise<Response>((resolve, reject) => {
      const call = this.#client.makeClientStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        this.#metadataOf(options),
        (error, response) => {
          if (error === null) resolve(response as Response);
          else reject(error);
        },
      );
      for (const request of requests) call.write(request);
      call.end();
    });
  }

  #definition(method: string) {
    const [service, name] = method.split('/') as [string, string];
    return (definitions[`caxton.v1.${service}`] as ServiceDefinition)[name]!;
  }

  #metadataOf(options: CallOptions): Metadata {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries({ ...this.#metadata, ...options.metadata })) {
      metadata.set(key, value);
    }
    return metadata;
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

/** A request of a method such as "AgentService/ListAgents", as its bytes. */
export function encodeRequest(method: string, request: object): Buffer {
  const [service, name] = method.split('/') as [string, string];
  return (definitions[`caxton.v1.${service}`] as ServiceDefinition)[name]!.requestSerialize(
    request,
  );
}
