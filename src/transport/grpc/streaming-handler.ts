import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  sendUnaryData,
} from '@grpc/grpc-js';
import type { Api } from '../../api/api.js';
import { checkRole } from '../../api/auth.js';
import { serverStopping } from '../../runtime/messages.js';
import type { OpenStreams } from './open-streams.js';
import { StreamCall } from './stream-call.js';
import type { StreamingMethod } from './streaming-method.js';
import type { HandlerParts } from './unary-handler.js';

type Handler =
  | handleServerStreamingCall<Buffer, Buffer>
  | handleClientStreamingCall<Buffer, Buffer>
  | handleBidiStreamingCall<Buffer, Buffer>;

// Where the client sends many, each of them counts: those that read the call see to it.
function admit({ kind, operation }: StreamingMethod, api: Api, stream: StreamCall): void {
  const principal = stream.context.authenticate(api);
  if (kind === 'server') {
    api.admit(operation, principal);
    stream.tellRate();
  } else checkRole(principal, operation.role, operation.name);
}

/** The life of a call on which many messages go: who calls → open → … → it ends, or is ended. */
export function streamingHandler(
  method: StreamingMethod,
  parts: HandlerParts,
  streams: OpenStreams,
): Handler {
  const { api, codecs, logger } = parts;
  const codec = codecs.of(method.service, method.name);
  const handle = (
    call: ConstructorParameters<typeof StreamCall>[0],
    answer?: sendUnaryData<Buffer>,
  ): void => {
    if (call.cancelled) return;
    const stream = new StreamCall(call, { method, codec, codecs, logger }, answer);
    try {
      admit(method, api, stream);
      if (answer === undefined) {
        streams.track(call as Parameters<OpenStreams['track']>[0], () =>
          stream.fail(serverStopping()),
        );
      }
      void Promise.resolve(method.open(api, stream)).catch((error) => stream.fail(error));
    } catch (error) {
      stream.fail(error);
    }
  };
  return method.kind === 'client'
    ? (call: Parameters<typeof handle>[0], answer: sendUnaryData<Buffer>) => handle(call, answer)
    : (call: Parameters<typeof handle>[0]) => handle(call);
}
