import { ChannelCredentials, Client, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { LIMITS } from '../../base/limits.js';
import { Codecs } from '../../transport/grpc/codec.js';
import { isJsonObject, writeStruct, writeValue } from '../../transport/grpc/struct.js';
import { type Failure, failureOf, LOCAL_CODES } from './connection-lane.js';
import type { BenchSettings } from './settings.js';

/** The protos, read once in a thread. */
export const codecs = new Codecs();

export const same = (bytes: Buffer): Buffer => bytes;

export const methodPath = (method: string): string => `/caxton.v1.MessageService/${method}`;

/** The request for each receiver, encoded once. */
export function encodeRequests(
  type: 'SendMessageRequest' | 'ConverseRequest',
  { message }: BenchSettings,
  receivers: readonly string[],
): Buffer[] {
  const { value } = message.content;
  const content = isJsonObject(value)
    ? { content: writeStruct(value) }
    : { content_value: writeValue(value) };
  const options = { timeout_ms: message.timeout_ms, persist: message.persist };
  const wait = type === 'ConverseRequest' ? { wait: message.wait } : {};
  return receivers.map((receiver) => {
    const fipa = { performative: message.performative, receiver, ...content };
    return Buffer.from(codecs.encode(type, { message: fipa, options, ...wait }));
  });
}

/** A client with a connection of its own. */
export function openClient({ server, grpc }: BenchSettings): Client {
  const isSecure = server.url.startsWith('https:');
  const roots = server.ca === undefined ? null : Buffer.from(server.ca);
  const credentials = isSecure
    ? ChannelCredentials.createSsl(roots)
    : ChannelCredentials.createInsecure();
  return new Client(grpc, credentials, {
    'grpc.use_local_subchannel_pool': 1,
    'grpc.max_receive_message_length': LIMITS.request_body_bytes,
  });
}

/** Resolves when the connection is there. */
export function connected(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Date.now() + LIMITS.client_connect_ms, (error) => {
      if (error) reject(error);
      else resolve();
    });
  });
}

export function metadataOf({ server }: BenchSettings): Metadata {
  const metadata = new Metadata();
  if (server.token !== undefined) metadata.set('x-caxton-token', server.token);
  return metadata;
}

/** The server's own error where the call has one, else what the status tells. */
export function callFailure(error: ServiceError): Failure {
  const [json] = error.metadata?.get('caxton-error') ?? [];
  if (typeof json === 'string') return failureOf(JSON.parse(json).error);
  const isLost = error.code === status.UNAVAILABLE || error.code === status.CANCELLED;
  const code = isLost ? LOCAL_CODES.unreachable : (status[error.code] ?? LOCAL_CODES.strange);
  return { code, message: error.details || error.message };
}
