import type { handleUnaryCall, ServerUnaryCall } from '@grpc/grpc-js';
import type { Api } from '../../api/api.js';
import { AuditedCall } from '../../api/audit.js';
import { CaxtonError } from '../../base/errors.js';
import { LIMITS } from '../../base/limits.js';
import type { Logger } from '../../base/log.js';
import { GrpcContext } from './call-context.js';
import type { Codecs, MethodCodec } from './codec.js';
import { errorStatus, reportError } from './error-status.js';
import { rateMetadata } from './rate-metadata.js';
import type { UnaryMethod } from './unary-method.js';

export interface HandlerParts {
  readonly api: Api;
  readonly codecs: Codecs;
  readonly logger: Logger;
}

type Call = ServerUnaryCall<Buffer, Buffer>;

/**
 * The life of a call: who calls → decode → operation → encode. Requests and responses pass grpc-js
 * as bytes, so that whatever is wrong with one is an error of the table, with its trace id.
 */
export function unaryHandler(
  method: UnaryMethod,
  parts: HandlerParts,
): handleUnaryCall<Buffer, Buffer> {
  const codec = parts.codecs.of(method.service, method.name);
  const { audit } = parts.api;
  const isAudited = audit.covers(method.operation);
  return (call, callback) => {
    if (call.cancelled) return;
    const context = new GrpcContext(call);
    const audited = isAudited
      ? new AuditedCall(audit, method.operation, context.clientAddress)
      : undefined;
    const succeed = (fields: object): void => {
      const bytes = encode(fields, codec);
      audited?.ended('OK', context.traceId);
      const rate = rateMetadata(context.knownPrincipal, method.operation);
      if (rate !== undefined) call.sendMetadata(rate);
      callback(null, bytes);
    };
    const fail = (error: unknown): void => {
      const known = reportError(error, method.name, context, parts.logger);
      audited?.ended(known.code, context.traceId);
      const failure = errorStatus(known, context.traceId, parts.codecs);
      const rate = rateMetadata(context.knownPrincipal, method.operation);
      if (rate !== undefined) failure.metadata?.merge(rate);
      callback(failure);
    };
    try {
      const response = run(call, method, codec, context, parts.api, audited);
      if (response instanceof Promise) response.then(succeed).catch(fail);
      else succeed(response);
    } catch (error) {
      fail(error);
    }
  };
}

function run(
  call: Call,
  method: UnaryMethod,
  codec: MethodCodec,
  context: GrpcContext,
  api: Api,
  audited: AuditedCall | undefined,
): object | Promise<object> {
  // Bytes of strangers, and of callers that may not call, are not even decoded.
  const principal = context.authenticate(api);
  if (audited !== undefined) audited.principal = principal;
  api.admit(method.operation, principal);
  const request = codec.decodeRequest(call.request);
  if (audited !== undefined) audited.input = request;
  return method.call(api, request, context, { remainingMs: remainingMs(call) });
}

function remainingMs(call: Call): number {
  const deadline = call.getDeadline();
  return (deadline instanceof Date ? deadline.getTime() : deadline) - Date.now();
}

function encode(fields: object, codec: MethodCodec): Buffer {
  const bytes = codec.encodeResponse(fields);
  if (bytes.length <= LIMITS.request_body_bytes) return bytes;
  throw new CaxtonError(
    'RESOURCE_LIMIT_EXCEEDED',
    `The answer takes ${bytes.length} bytes; the most is ${LIMITS.request_body_bytes}. Ask for fewer entries with limit.`,
    { field: 'limit', limit_bytes: LIMITS.request_body_bytes },
  );
}
