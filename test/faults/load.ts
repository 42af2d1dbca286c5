import { setTimeout as sleep } from 'node:timers/promises';
import { encode } from '@msgpack/msgpack';
import { ApiFailure, type MessageAnswer, type MessagesPage } from '../api/driver.js';
import { eventually } from '../support/eventually.js';
import { call } from '../support/rest-client.js';
import { connect, type WsClient } from '../support/ws-client.js';

/**
 * Random choices that can be had again: CAXTON_SEED, or CAXTON_FAULT_SEED, takes the seed that a
 * failure printed.
 */
export class Dice {
  readonly seed: number;
  #state: number;

  constructor(seed = Number(givenSeed() ?? Math.floor(Math.random() * 2 ** 31))) {
    this.seed = seed;
    this.#state = seed;
  }

  /** A whole number from `least` to `most`. The generator is Marsaglia's xorshift32. */
  whole(least: number, most: number): number {
    let x = this.#state || 1;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return least + ((x >>> 0) % (most - least + 1));
  }

  pick<T>(items: readonly T[]): T {
    return items[this.whole(0, items.length - 1)] as T;
  }
}

const givenSeed = (): string | undefined =>
  process.env.CAXTON_SEED ?? process.env.CAXTON_FAULT_SEED;

/** A message that the server said it had accepted. */
export interface Accepted {
  readonly agent: string;
  readonly messageId: string;
}

interface BatchAck {
  readonly message_ids: ReadonlyArray<string | null>;
}

export interface ServerUrls {
  readonly url: string;
  readonly wsUrl: string;
}

const BATCH_PER_AGENT = 12;
const OUTSTANDING_MAX = 250;

/**
 * A client that sends to agents as fast as they answer, by batches over a WebSocket and by single
 * REST sends in turn, and keeps what was accepted and what came back. Each message carries its place
 * in the client's order, as content and as `reply_with`.
 */
export class LoadClient {
  readonly name: string;
  /** By `reply_with`. */
  readonly accepted = new Map<string, Accepted>();
  /** In the order in which they came. */
  readonly replies: MessageAnswer[] = [];
  readonly #urls: ServerUrls;
  readonly #socket: WsClient;
  #sequence = 0;

  private constructor(urls: ServerUrls, socket: WsClient, name: string) {
    this.#urls = urls;
    this.#socket = socket;
    this.name = name;
  }

  static async connect(urls: ServerUrls, name: string): Promise<LoadClient> {
    const socket = await connect(urls.wsUrl);
    await socket.ask({ type: 'subscribe', id: 1, client_id: name });
    return new LoadClient(urls, socket, name);
  }

  /** The place in the sender's order that a `reply_with` stands for. */
  static sequenceOf(replyWith: string): number {
    return Number(replyWith.slice(replyWith.lastIndexOf('#') + 1));
  }

  async run(agents: readonly string[], dice: Dice, goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      this.takeReplies();
      if (this.accepted.size - this.replies.length > OUTSTANDING_MAX) await sleep(2);
      else if (dice.whole(0, 3) === 0) await this.post(dice.pick(agents));
      else await this.batch(agents.flatMap((agent) => new Array(BATCH_PER_AGENT).fill(agent)));
    }
  }

  /** Sends one message to each receiver, in one binary frame. */
  async batch(receivers: readonly string[]): Promise<void> {
    const messages = receivers.map((receiver) => this.#message(receiver));
    this.#socket.send(encode(messages.map((message) => ({ message }))));
    const ack = (await this.#socket.takeType('ack')) as unknown as BatchAck;
    messages.forEach((message, index) => {
      const messageId = ack.message_ids[index];
      if (messageId) this.#accept(message, messageId);
    });
  }

  /** One message by REST. A refusal, as of a full mailbox, is the server's right. */
  async post(receiver: string): Promise<void> {
    const message = this.#message(receiver);
    try {
      const answer = await call<{ message_id: string }>(
        `${this.#urls.url}/api/v1/messages`,
        'POST',
        message,
      );
      this.#accept(message, answer.message_id);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
    }
  }

  #message(receiver: string) {
    this.#sequence += 1;
    return {
      performative: 'request',
      sender: this.name,
      receiver,
      reply_with: `${this.name}#${this.#sequence}`,
      content: { action: 'add', amount: 1, sequence: this.#sequence },
    };
  }

  #accept(message: { receiver: string; reply_with: string }, messageId: string): void {
    this.accepted.set(message.reply_with, { agent: message.receiver, messageId });
  }

  takeReplies(): void {
    const { received } = this.#socket;
    for (const frame of received.splice(0)) {
      if (frame.type === 'message') this.replies.push(frame.message as MessageAnswer);
      else received.push(frame);
    }
  }

  /** Waits until as many answers have come as messages were accepted. */
  async settled(): Promise<void> {
    await eventually(`${this.name} gets its answers`, () => {
      this.takeReplies();
      return this.replies.length >= this.accepted.size;
    });
  }

  close(): Promise<void> {
    return this.#socket.close();
  }
}

const PAGE = 500;

/** The whole history of what one client sent, or received, oldest first. */
export async function historyOf(
  url: string,
  client: string,
  role: 'sender' | 'receiver' = 'sender',
): Promise<MessageAnswer[]> {
  const messages: MessageAnswer[] = [];
  let cursor = '';
  for (;;) {
    const page = await call<MessagesPage>(
      `${url}/api/v1/messages?${role}=${client}&limit=${PAGE}${cursor}`,
      'GET',
    );
    messages.push(...page.messages);
    if (page.next_cursor === undefined) return messages;
    cursor = `&cursor=${encodeURIComponent(page.next_cursor)}`;
  }
}
