import type { IncomingMessage } from 'node:http';
import { type RawData, WebSocket } from 'ws';
import type { ErrorBody } from '../base/errors.js';
import { LIMITS } from '../base/limits.js';
import type { MessageJson } from '../fipa/message.js';
import { ApiError, UnreachableError } from './failures.js';
import { apiError, unreachable, type WebSocketTarget } from './http-client.js';
import { messageLine } from './message-text.js';
import type { Output } from './output.js';
import { printable } from './printable.js';

const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

export interface StreamOptions {
  readonly agents?: readonly string[];
  readonly performatives?: readonly string[];
  readonly events?: readonly string[];
  readonly count?: number;
}

interface Frame {
  readonly type: string;
  readonly subscription_id?: string;
  readonly message?: MessageJson;
  readonly error?: ErrorBody['error'];
}

/** What to subscribe to: events when asked for, and messages unless only events were. */
function subscribeFrame({ agents, performatives, events }: StreamOptions): object {
  const wantsMessages = events === undefined || performatives !== undefined;
  return {
    type: 'subscribe',
    ...(wantsMessages && { filter: { agents, performatives } }),
    ...(events && { events }),
    ...(events && agents && { filters: { agent_ids: agents } }),
  };
}

/** A WebSocket that prints what it is sent. */
export class Stream {
  readonly #socket: WebSocket;
  readonly #options: StreamOptions;
  readonly #output: Output;
  #left: number;

  constructor({ url, headers, ca }: WebSocketTarget, options: StreamOptions, output: Output) {
    this.#socket = new WebSocket(url, {
      headers,
      ...(ca !== undefined && { ca }),
      handshakeTimeout: LIMITS.client_connect_ms,
      maxPayload: LIMITS.websocket_frame_bytes,
    });
    this.#options = options;
    this.#output = output;
    this.#left = options.count ?? Number.POSITIVE_INFINITY;
  }

  /** Resolves when the user interrupts it or the count is reached. */
  run(): Promise<void> {
    const socket = this.#socket;
    let stopped = false;
    const stop = (): void => {
      stopped = true;
      socket.close(1000);
    };
    for (const signal of STOP_SIGNALS) process.once(signal, stop);
    return new Promise<void>((resolve, reject) => {
      // Once stopped, whatever way the connection ends is the right one.
      const fail = (error: unknown): void => (stopped ? resolve() : reject(error));
      socket.on('open', () => socket.send(JSON.stringify(subscribeFrame(this.#options))));
      socket.on('unexpected-response', (_, response) => refused(response).then(fail, fail));
      socket.on('error', (error) => fail(unreachable(socket.url, error)));
      socket.on('message', (data) => {
        try {
          if (this.#take(data)) resolve();
        } catch (error) {
          fail(error);
        }
      });
      socket.on('close', (code, reason) => fail(connectionEnded(code, reason.toString())));
    }).finally(() => {
      for (const signal of STOP_SIGNALS) process.off(signal, stop);
      socket.terminate();
    });
  }

  /** @returns whether this was the last one wanted */
  #take(data: RawData): boolean {
    // Frames that came in one piece with the last one wanted.
    if (this.#left <= 0) return true;
    const text = data.toString();
    const frame = JSON.parse(text) as Frame;
    if (frame.type === 'subscribed') {
      process.stderr.write(`subscribed as ${frame.subscription_id}; stop with Ctrl-C\n`);
      return false;
    }
    if (frame.error !== undefined && frame.subscription_id === undefined) {
      throw new ApiError({ error: frame.error }, JSON.stringify({ error: frame.error }));
    }
    this.#output.print(text, () => frameLine(frame));
    this.#left -= 1;
    return this.#left <= 0;
  }
}

function frameLine(frame: Frame): string {
  if (frame.message !== undefined) return messageLine(frame.message);
  const { type, subscription_id: _, ...rest } = frame;
  return printable(`${type} ${JSON.stringify(rest)}`);
}

async function refused(response: IncomingMessage): Promise<Error> {
  const pieces: Buffer[] = [];
  for await (const piece of response) pieces.push(piece as Buffer);
  const status = response.statusCode;
  return (
    apiError(Buffer.concat(pieces).toString()) ??
    new UnreachableError(`The server answered ${status} to the WebSocket; is it a Caxton server?`)
  );
}

function connectionEnded(code: number, reason: string): UnreachableError {
  const text = reason === '' ? '' : `: ${reason}`;
  return new UnreachableError(`The server ended the connection (${code}${text}).`);
}
