import type { ClientUnaryCall } from '@grpc/grpc-js';
import type { Lane, Sending } from './connection-lane.js';
import {
  callFailure,
  codecs,
  connected,
  encodeRequests,
  metadataOf,
  methodPath,
  openClient,
  same,
} from './grpc-messages.js';
import type { BenchSettings } from './settings.js';

/** One HTTP/2 connection with a unary call for each message. */
export class GrpcLane implements Lane {
  readonly #client: ReturnType<typeof openClient>;
  readonly #requests: readonly Buffer[];
  readonly #metadata: ReturnType<typeof metadataOf>;
  readonly #path: string;
  readonly #wait: boolean;
  readonly #underWay = new Map<Sending, ClientUnaryCall>();

  constructor(settings: BenchSettings, receivers: readonly string[]) {
    this.#client = openClient(settings);
    this.#requests = encodeRequests('SendMessageRequest', settings, receivers);
    this.#metadata = metadataOf(settings);
    this.#wait = settings.message.wait;
    this.#path = methodPath(this.#wait ? 'SendMessageAndWait' : 'SendMessage');
  }

  open(): Promise<void> {
    return connected(this.#client);
  }

  send(receiver: number, sending: Sending): void {
    const request = this.#requests[receiver] as Buffer;
    const call = this.#client.makeUnaryRequest(
      this.#path,
      same,
      same,
      request,
      this.#metadata,
      (error, answer) => {
        this.#underWay.delete(sending);
        if (error !== null) sending.failed(callFailure(error));
        else sending.succeeded(this.#wait ? replyAct(answer as Buffer) : undefined);
      },
    );
    this.#underWay.set(sending, call);
  }

  abandon(sending: Sending): void {
    this.#underWay.get(sending)?.cancel();
  }

  close(): void {
    this.#client.close();
  }
}

function replyAct(answer: Buffer): string | undefined {
  const { reply } = codecs.decode('MessageReply', answer) as { reply?: { performative: string } };
  return reply?.performative;
}
