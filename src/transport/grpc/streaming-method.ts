import type { Admission, Api } from '../../api/api.js';
import type { GrpcStream } from '../../api/operation.js';
import type { StreamCall } from './stream-call.js';

/** One gRPC method on which one side or both send many messages. */
export interface StreamingMethod {
  readonly service: string;
  readonly name: string;
  readonly kind: GrpcStream['kind'];
  /** What is done many times over, or once with an answer that goes on. */
  readonly operation: Admission;
  /** Begins; an error that it throws ends the call. Token, role and rate were checked. */
  readonly open: (api: Api, call: StreamCall) => void | Promise<void>;
}
