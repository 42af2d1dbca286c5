import type { ClientDuplexStream, ServiceError } from '@grpc/grpc-js';
import { connectionFailure, failureOf, type Lane, type Sending } from './connection-lane.js';
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

interface Answer {
  readonly index?: number;
  readonly ack?: object;
  readonly reply?: { readonly reply?: { readonly performative: string } };
  readonly error?: Parameters<typeof failureOf>[0];
}

/** One HTTP/2 connection with one call of Converse, on which messages go by their place. */
export class GrpcStreamLane implements Lane {
  readonly #client: ReturnType<typeof openClient>;
  readonly #requests: readonly Buffer[];
  readonly #metadata: ReturnType<typeof metadataOf>;
  #stream: ClientDuplexStream<Buffer, Buffer> | undefined;
  /** Messages sent on the present stream. */
  #sent = 0;
  #underWay = new Map<number, Sending>();

  constructor(settings: BenchSettings, receivers: readonly string[]) {
    this.#client = openClient(settings);
    this.#requests = encodeRequests('ConverseRequest', settings, receivers);
    this.#metadata = metadataOf(settings);
  }

  open(): Promise<void> {
    return connected(this.#client);
  }

  send(receiver: number, sending: Sending): void {
    this.#stream ??= this.#begin();
    this.#underWay.set(this.#sent, sending);
    this.#sent += 1;
    this.#stream.write(this.#requests[receiver] as Buffer);
  }

  abandon(sending: Sending): void {
    for (const [place, other] of this.#underWay) {
      if (other === sending) this.#underWay.delete(place);
    }
  }

  close(): void {
    this.#stream?.cancel();
    this.#client.close();
  }

  #begin(): ClientDuplexStream<Buffer, Buffer> {
    const stream = this.#client.makeBidiStreamRequest<Buffer, Buffer>(
      methodPath('Converse'),
      same,
      same,
      this.#metadata,
    );
    const underWay = new Map<number, Sending>();
    this.#underWay = underWay;
    this.#sent = 0;
    const ended = (failure: ReturnType<typeof failureOf>): void => {
      if (this.#stream === stream) this.#stream = undefined;
      const lost = [...underWay.values()];
      underWay.clear();
      for (const sending of lost) sending.failed(failure);
    };
    stream.on('data', (bytes: Buffer) => {
      // A place of 0 is left out on the wire.
      const answer = codecs.decode('ConverseResponse', bytes) as Answer;
      const place = answer.index ?? 0;
      const sending = underWay.get(place);
      if (sending === undefined) return;
      underWay.delete(place);
      if (answer.error !== undefined) sending.failed(failureOf(answer.error));
      else sending.succeeded(answer.reply?.reply?.performative);
    });
    stream.on('error', (error: ServiceError) => ended(callFailure(error)));
    stream.on('end', () => ended(connectionFailure(new Error('The server ended the stream.'))));
    return stream;
  }
}
