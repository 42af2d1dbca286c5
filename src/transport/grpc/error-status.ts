import { Metadata, type StatusObject } from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { type CaxtonError, toCaxtonError } from '../../base/errors.js';
import type { Logger } from '../../base/log.js';
import { logRefusal } from '../refusal-log.js';
import type { Codecs } from './codec.js';
import { errorFields } from './error-fields.js';
import { PACKAGE } from './protos.js';
import { wellFormed } from './struct.js';

/** Clients bound the headers they take, often to 8 KiB for all of them. */
const BODY_CHARACTERS_MAX = 4_096;
const MESSAGE_CHARACTERS_MAX = 1_024;

const STATUS_CODE = 0x08;
const STATUS_MESSAGE = 0x12;
const STATUS_DETAILS = 0x1a;
const ANY_TYPE_URL = 0x0a;
const ANY_VALUE = 0x12;

/** A failed call's status: the code of the error table, and the error whole in the metadata. */
export function errorStatus(error: CaxtonError, traceId: string, codecs: Codecs): StatusObject {
  const message = shorten(wellFormed(error.message));
  const body = error.toBody(traceId).error;
  const fits = JSON.stringify(body).length <= BODY_CHARACTERS_MAX;
  const shown = { ...body, message, details: fits ? body.details : {} };
  const metadata = new Metadata();
  metadata.set('caxton-error', asciiJson({ error: shown }));
  metadata.set(
    'grpc-status-details-bin',
    rpcStatus(error.grpcStatus, message, codecs.encode('Error', errorFields(shown, traceId))),
  );
  const { retryAfterS } = error;
  if (retryAfterS !== undefined) metadata.set('retry-after', String(retryAfterS));
  return { code: error.grpcStatus, details: message, metadata };
}

/** Gives any error a code; what is a defect is logged under the call's trace id. */
export function reportError(
  error: unknown,
  method: string,
  context: { readonly traceId: string },
  logger: Logger,
): CaxtonError {
  const known = toCaxtonError(error);
  const { traceId } = context;
  if (known.code === 'INTERNAL_ERROR') {
    logger.error({ err: known.cause ?? known, trace_id: traceId, method }, 'a gRPC call failed');
  } else logRefusal(logger, known, traceId);
  return known;
}

function shorten(message: string): string {
  return message.length <= MESSAGE_CHARACTERS_MAX
    ? message
    : `${wellFormed(message.slice(0, MESSAGE_CHARACTERS_MAX - 1))}…`;
}

/** Metadata is ASCII, and JSON can say everything in it. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^ -~]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * google.rpc.Status with one detail. Source: google/rpc/status.proto, google/protobuf/any.proto
 * (https://github.com/googleapis/googleapis/blob/master/google/rpc/status.proto)
 */
function rpcStatus(code: number, message: string, detail: Uint8Array): Buffer {
  const writer = protobuf.Writer.create();
  writer.uint32(STATUS_CODE).int32(code).uint32(STATUS_MESSAGE).string(message);
  writer.uint32(STATUS_DETAILS).fork();
  writer.uint32(ANY_TYPE_URL).string(`type.googleapis.com/${PACKAGE}.Error`);
  writer.uint32(ANY_VALUE).bytes(detail);
  return Buffer.from(writer.ldelim().finish());
}
