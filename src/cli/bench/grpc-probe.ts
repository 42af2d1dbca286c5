import { type ServiceError, status } from '@grpc/grpc-js';
import { LIMITS } from '../../base/limits.js';
import { UnreachableError } from '../failures.js';
import { metadataOf, openClient, same } from './grpc-messages.js';
import type { BenchSettings } from './settings.js';

const STATUS_PATH = '/caxton.v1.MetricsService/GetStatus';
/** A request without fields. */
const EMPTY = Buffer.alloc(0);

/**
 * Asks over gRPC for the server's status, so that a wrong address is told before anything is done.
 * @throws UnreachableError when no Caxton server answers there, or the reason of the signal
 */
export async function reachGrpc(settings: BenchSettings, signal: AbortSignal): Promise<void> {
  const client = openClient(settings);
  const deadline = Date.now() + LIMITS.client_connect_ms;
  try {
    await new Promise<void>((resolve, reject) => {
      const call = client.makeUnaryRequest(
        STATUS_PATH,
        same,
        same,
        EMPTY,
        metadataOf(settings),
        { deadline },
        (error) => {
          // What the server refuses it tells in its own words when the first message is sent.
          if (error === null || error.metadata?.get('caxton-error').length > 0) resolve();
          else reject(nobodyAt(settings.grpc, reasonOf(error)));
        },
      );
      signal.addEventListener('abort', () => {
        reject(signal.reason);
        call.cancel();
      });
    });
  } finally {
    client.close();
  }
}

/** A reason without a full stop; a connection that failed stands within the library's own words. */
function reasonOf({ code, details, message }: ServiceError): string {
  if (code === status.DEADLINE_EXCEEDED) {
    return `nothing came within ${LIMITS.client_connect_ms / 1_000} s`;
  }
  const last = /Last error: (?:Error: )?(.+?)\.? Resolution note/.exec(details)?.[1];
  return (last ?? (details || message)).replace(/\.$/, '');
}

function nobodyAt(address: string, reason: string): UnreachableError {
  return new UnreachableError(
    `No Caxton server answers over gRPC at ${address}: ${reason}. Name the address that "caxton serve" prints for gRPC with --grpc HOST:PORT.`,
  );
}
