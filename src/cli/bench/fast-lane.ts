import { CaxtonClient, CaxtonError, type FastChannel, type WebSocketLike } from '@caxton/sdk';
import { nodeFetch } from '../node-fetch.js';
import { nodeSocket } from '../node-socket.js';
import { type Failure, type Lane, LOCAL_CODES, type Sending } from './connection-lane.js';
import { type BenchSettings, messageTo } from './settings.js';

/** The SDK's fast channel: what is sent in one turn goes as one batch. */
export class FastLane implements Lane {
  readonly #client: CaxtonClient;
  readonly #channel: FastChannel;
  readonly #messages: ReadonlyArray<ReturnType<typeof messageTo>>;
  readonly #delivery: { readonly delivery?: { readonly persist: true } };

  constructor({ server, message }: BenchSettings, receivers: readonly string[]) {
    const { url, token, ca } = server;
    this.#client = new CaxtonClient({
      endpoint: url,
      apiKey: token,
      retry: false,
      fetch: nodeFetch({ ca }),
      webSocket: (socketUrl, headers) =>
        nodeSocket(socketUrl, headers, { ca }) as unknown as WebSocketLike,
    });
    this.#channel = this.#client.fast({ maxPending: Number.POSITIVE_INFINITY });
    this.#messages = receivers.map((receiver) => messageTo(receiver, message));
    this.#delivery = message.persist ? { delivery: { persist: true } } : {};
  }

  /** The channel does so by itself, and what is sent before waits for it. */
  async open(): Promise<void> {}

  send(receiver: number, sending: Sending): void {
    const message = this.#messages[receiver] as ReturnType<typeof messageTo>;
    this.#channel.send(message, this.#delivery).then(
      () => sending.succeeded(),
      (error) => sending.failed(channelFailure(error)),
    );
  }

  /** Its answer, if one comes, is passed over. */
  abandon(): void {}

  close(): void {
    this.#client.close();
  }
}

function channelFailure(error: unknown): Failure {
  if (CaxtonError.is(error)) {
    const { code, message, details } = error;
    return { code, message, details };
  }
  return { code: LOCAL_CODES.strange, message: String(error) };
}
