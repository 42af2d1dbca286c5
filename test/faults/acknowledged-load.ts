import { encode } from '@msgpack/msgpack';
import { ApiFailure, type SendAnswer, type WaitAnswer } from '../api/driver.js';
import type { ServeProcess } from '../cli/cli-process.js';
import { call } from '../support/rest-client.js';
import { connect, type WsClient } from '../support/ws-client.js';

const REST_SENDERS = 3;
const BATCH = 25;

/** What the agent "counter" counts, after it was told to. */
export async function count(server: ServeProcess, content: object): Promise<number> {
  const message = { performative: 'request', sender: 'counting', receiver: 'counter', content };
  const url = `${server.url}/api/v1/messages?wait=true`;
  const { reply } = await call<WaitAnswer>(url, 'POST', message);
  return (reply.content as { count: number }).count;
}

/** Clients that send until the server is gone, and what it acknowledged to them. */
export class AcknowledgedLoad {
  /** The place in its sender's order by message id, by sender. */
  readonly acknowledged = new Map<string, Map<string, number>>();
  /** A count that the disk had, by the acknowledgement of a later message. */
  durableCount = 0;
  addsTried = 0;
  readonly #server: ServeProcess;
  readonly #persist: boolean;
  readonly #ended: Promise<unknown>;
  #stopping = false;

  /** @param persist whether an acknowledgement shall mean that the message is on the disk */
  constructor(server: ServeProcess, name: string, persist: boolean) {
    this.#server = server;
    this.#persist = persist;
    const senders = Array.from({ length: REST_SENDERS }, (_, index) =>
      this.#untilItEnds((sequence) => this.#sendOne(`${name}-rest-${index}`, sequence)),
    );
    this.#ended = Promise.all([
      ...senders,
      this.#sendBatches(`${name}-socket`),
      this.#untilItEnds((sequence) => this.#addAndMark(`${name}-marker`, sequence)),
    ]);
    // Looked at in `end`, which may be later than a failure.
    this.#ended.catch(() => undefined);
  }

  get total(): number {
    return [...this.acknowledged.values()].reduce((total, { size }) => total + size, 0);
  }

  /** The server is about to go: from now on its clients may fail. */
  expectEnd(): void {
    this.#stopping = true;
  }

  async end(): Promise<void> {
    await this.#ended;
  }

  async #untilItEnds(step: (sequence: number) => Promise<void>): Promise<void> {
    for (let sequence = 0; ; sequence++) {
      try {
        await step(sequence);
      } catch (error) {
        if (this.#stopping) return;
        // Full for the moment; anything else is a failure of a server that runs.
        if (!(error instanceof ApiFailure) || error.code !== 'RESOURCE_LIMIT_EXCEEDED') throw error;
      }
    }
  }

  async #sendOne(sender: string, sequence: number): Promise<void> {
    const message = this.#message(sender, sequence);
    const options = { persist: this.#persist };
    const url = `${this.#server.url}/api/v1/messages`;
    const { message_id: id } = await call<SendAnswer>(url, 'POST', { ...message, options });
    this.#acknowledge(sender, id, sequence);
  }

  async #sendBatches(sender: string): Promise<void> {
    let client: WsClient;
    try {
      client = await connect(`${this.#server.url.replace('http', 'ws')}/ws`);
    } catch (error) {
      if (this.#stopping) return;
      throw error;
    }
    await this.#untilItEnds(async (batch) => {
      const sequences = Array.from({ length: BATCH }, (_, index) => batch * BATCH + index);
      const options = { persist: this.#persist };
      const frames = sequences.map((sequence) => ({
        message: this.#message(sender, sequence),
        options,
      }));
      client.send(encode(frames));
      const ack = await client.takeType('ack');
      const ids = ack.message_ids as Array<string | null>;
      ids.forEach((id, index) => {
        if (id !== null) this.#acknowledge(sender, id, sequences[index] as number);
      });
    });
    client.socket.terminate();
  }

  async #addAndMark(sender: string, sequence: number): Promise<void> {
    this.addsTried += 1;
    const counted = await count(this.#server, { action: 'add', amount: 1 });
    // What was answered before this was sent lies before it in the store.
    await this.#sendOne(sender, sequence);
    this.durableCount = counted;
  }

  #message(sender: string, sequence: number) {
    return { performative: 'request', sender, receiver: 'echo', content: { sequence } };
  }

  #acknowledge(sender: string, messageId: string, sequence: number): void {
    const messages = this.acknowledged.get(sender) ?? new Map<string, number>();
    messages.set(messageId, sequence);
    this.acknowledged.set(sender, messages);
  }
}
