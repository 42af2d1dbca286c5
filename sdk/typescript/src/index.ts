export type { RetryPolicy } from './backoff.js';
export { CaxtonClient, type DeployedAgent, type RepliedMessage } from './client.js';
export {
  CaxtonError,
  CLIENT_CODES,
  type ErrorCode,
  SERVER_CODES,
  type ServerErrorCode,
} from './error.js';
export type { ClientEvents, EventOptions, MessageFilter } from './event-api.js';
export type { Gap, SubscribeOptions, Subscription } from './event-stream.js';
export type {
  CaxtonEvent,
  EventFields,
  EventHead,
  EventKind,
  EventOf,
  EventPattern,
  EventType,
} from './event-types.js';
export type {
  FastChannel,
  FastMessage,
  FastOptions,
  FastSendOptions,
  FastSent,
} from './fast-channel.js';
export type { CallOptions } from './http-caller.js';
export type * from './operation-types.js';
export type { ClientOptions } from './options.js';
export type { FrameOf, MessageFrame, StreamFrame, SubscriptionRequest } from './stream-frame.js';
export type { WasmModule } from './wasm-module.js';
export type { WebSocketFactory, WebSocketLike } from './web-socket.js';
