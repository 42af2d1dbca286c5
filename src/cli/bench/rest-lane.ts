import { Client, type Dispatcher } from 'undici';
import { LIMITS } from '../../base/limits.js';
import { connectionFailure, failureOf, type Lane, type Sending } from './connection-lane.js';
import { type BenchSettings, messageTo } from './settings.js';

interface Answer {
  readonly reply?: { readonly performative: string };
  readonly error?: Parameters<typeof failureOf>[0];
}

const PATH = '/api/v1/messages';

/** A kept HTTP connection with one request under way at a time. */
export class RestLane implements Lane {
  readonly #client: Client;
  readonly #requests: readonly Dispatcher.DispatchOptions[];
  readonly #underWay = new Map<Sending, Exchange>();

  constructor(settings: BenchSettings, receivers: readonly string[]) {
    const { server, message } = settings;
    const url = new URL(server.url);
    this.#client = new Client(url.origin, {
      pipelining: 1,
      // The load decides how long it waits.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: { timeout: LIMITS.client_connect_ms, ...(server.ca && { ca: server.ca }) },
    });
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (server.token !== undefined) headers['x-caxton-token'] = server.token;
    const query = message.wait ? `?wait=true&timeout_ms=${message.timeout_ms}` : '';
    this.#requests = receivers.map((receiver) => ({
      method: 'POST',
      path: url.pathname.replace(/\/+$/, '') + PATH + query,
      headers,
      body: JSON.stringify({
        ...messageTo(receiver, message),
        ...(message.persist && { options: { persist: true } }),
      }),
    }));
  }

  /** The first request does. */
  async open(): Promise<void> {}

  send(receiver: number, sending: Sending): void {
    const exchange = new Exchange(sending, () => this.#underWay.delete(sending));
    this.#underWay.set(sending, exchange);
    this.#client.dispatch(this.#requests[receiver] as Dispatcher.DispatchOptions, exchange);
  }

  abandon(sending: Sending): void {
    this.#underWay.get(sending)?.abandon();
  }

  close(): void {
    this.#client.destroy().catch(() => undefined);
  }
}

/** Takes one answer, piece by piece. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #sending: Sending;
  readonly #over: () => void;
  #controller: Dispatcher.DispatchController | undefined;
  #text: Buffer | undefined;

  constructor(sending: Sending, over: () => void) {
    this.#sending = sending;
    this.#over = over;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart(): void {}

  onResponseData(_: Dispatcher.DispatchController, piece: Buffer): void {
    this.#text = this.#text === undefined ? piece : Buffer.concat([this.#text, piece]);
  }

  onResponseEnd(): void {
    this.#over();
    const answer = read(this.#text?.toString() ?? '');
    if (answer?.error !== undefined || answer === undefined) {
      this.#sending.failed(failureOf(answer?.error));
    } else this.#sending.succeeded(answer.reply?.performative);
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    this.#over();
    this.#sending.failed(connectionFailure(error));
  }

  /** Ends the connection, as HTTP has no other way. */
  abandon(): void {
    this.#controller?.abort(new Error('It took too long.'));
  }
}

function read(text: string): Answer | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? answer : undefined;
  } catch {
    return undefined;
  }
}
