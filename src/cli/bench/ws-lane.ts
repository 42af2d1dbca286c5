import type { WebSocket } from 'ws';
import { nodeSocket } from '../node-socket.js';
import { connectionFailure, failureOf, type Lane, type Sending } from './connection-lane.js';
import { type BenchSettings, messageTo } from './settings.js';

interface Answer {
  readonly type?: string;
  readonly id?: number;
  readonly reply?: { readonly performative: string };
  readonly error?: Parameters<typeof failureOf>[0];
}

/** A WebSocket on which messages wait for replies, each by its number. */
export class WsLane implements Lane {
  readonly #settings: BenchSettings;
  /** What a frame to each receiver has behind its number. */
  readonly #tails: readonly string[];
  readonly #underWay = new Map<number, Sending>();
  #sent = 0;
  #socket: WebSocket | undefined;
  #opening: Promise<void> | undefined;
  #closed = false;

  constructor(settings: BenchSettings, receivers: readonly string[]) {
    this.#settings = settings;
    const { message } = settings;
    const rest = {
      type: 'send',
      wait: true,
      timeout_ms: message.timeout_ms,
      ...(message.persist && { options: { persist: true } }),
    };
    this.#tails = receivers.map((receiver) => {
      const frame = JSON.stringify({ ...rest, message: messageTo(receiver, message) });
      return `,${frame.slice(1)}`;
    });
  }

  /** @throws when there is no connection */
  open(): Promise<void> {
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  send(receiver: number, sending: Sending): void {
    if (this.#socket === undefined) {
      this.open().then(
        () => this.send(receiver, sending),
        (error) => sending.failed(connectionFailure(error)),
      );
      return;
    }
    this.#sent += 1;
    this.#underWay.set(this.#sent, sending);
    this.#socket.send(`{"id":${this.#sent}${this.#tails[receiver]}`);
  }

  abandon(sending: Sending): void {
    for (const [id, other] of this.#underWay) if (other === sending) this.#underWay.delete(id);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.terminate();
  }

  #connect(): Promise<void> {
    const { url: base, token, ca } = this.#settings.server;
    const url = new URL(base);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/ws`;
    const socket = nodeSocket(url, token === undefined ? {} : { 'x-caxton-token': token }, { ca });
    return new Promise((resolve, reject) => {
      let reason: Error | undefined;
      socket.once('open', () => {
        this.#socket = socket;
        if (this.#closed) socket.terminate();
        resolve();
      });
      socket.on('message', (data) => this.#answered(JSON.parse(data.toString()) as Answer));
      socket.on('error', (error) => {
        reason = error;
        reject(error);
      });
      socket.once('close', (code) => {
        this.#lost(reason ?? new Error(`The WebSocket was closed with the code ${code}.`));
      });
    });
  }

  #answered({ type, id, reply, error }: Answer): void {
    const sending = this.#underWay.get(id ?? -1);
    if (sending === undefined) return;
    this.#underWay.delete(id as number);
    if (type === 'reply') sending.succeeded(reply?.performative);
    else sending.failed(failureOf(error));
  }

  #lost(error: Error): void {
    this.#socket = undefined;
    const lost = [...this.#underWay.values()];
    this.#underWay.clear();
    for (const sending of lost) sending.failed(connectionFailure(error));
  }
}
