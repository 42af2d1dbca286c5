import { encode } from '@msgpack/msgpack';
import type { Dice } from '../../faults/load.js';
import { failureOf } from '../../support/rest-client.js';
import { connect, type WsClient } from '../../support/ws-client.js';
import type { Outgoing } from '../account.js';
import { SLOW } from '../population.js';
import type { Lane, World } from '../world.js';
import { Correspondent } from './correspondent.js';

interface BatchAck {
  readonly message_ids: ReadonlyArray<string | null>;
  readonly errors?: ReadonlyArray<{ readonly index: number; readonly error: unknown }>;
}

/** A client with one WebSocket, which it opens anew when it was closed. */
abstract class SocketLane implements Lane {
  abstract readonly pauseMs: number;
  protected readonly client: Correspondent;
  #open: { readonly epoch: number; readonly socket: WsClient } | undefined;

  constructor(world: World, dice: Dice, transport: string) {
    this.client = new Correspondent(world, dice, transport);
  }

  async step(): Promise<void> {
    const { epoch, wsUrl } = this.client.world.server;
    const well = await this.client.exchange(async () => {
      if (this.#open?.epoch !== epoch) this.#open = { epoch, socket: await connect(wsUrl) };
      await this.talk(this.#open.socket);
    });
    if (!well) await this.rest();
  }

  async rest(): Promise<void> {
    this.#open?.socket.socket.terminate();
    this.#open = undefined;
  }

  protected abstract talk(socket: WsClient): Promise<void>;
}

/** Sends frames of JSON, several at a time, and waits for some of the answers. */
export class JsonLane extends SocketLane {
  readonly pauseMs = 80;
  #lastId = 0;

  constructor(world: World, dice: Dice) {
    super(world, dice, 'json');
  }

  protected async talk(socket: WsClient): Promise<void> {
    const frames = this.client.messages(this.client.dice.whole(1, 8)).map((message) => {
      this.#lastId += 1;
      const wait = this.client.dice.whole(0, 3) === 0;
      socket.send({ type: 'send', id: this.#lastId, wait, message });
      return { id: this.#lastId, message };
    });
    for (const { id, message } of frames) {
      const answer = await socket.take(`the answer to ${id}`, (frame) => frame.id === id);
      if (answer.type === 'error') this.client.fail(message, failureOf(answer));
      else this.client.accept(message, answer.message_id as string);
    }
  }
}

abstract class BatchLane extends SocketLane {
  protected async sendBatch(socket: WsClient, messages: readonly Outgoing[], persist: boolean) {
    socket.send(encode(messages.map((message) => ({ message, options: { persist } }))));
    const ack = (await socket.takeType('ack')) as unknown as BatchAck;
    messages.forEach((message, index) => {
      const messageId = ack.message_ids[index];
      if (messageId) this.client.accept(message, messageId);
    });
    for (const { index, error } of ack.errors ?? []) {
      this.client.fail(messages[index] as Outgoing, failureOf({ error }));
    }
  }
}

/** Sends batches in MessagePack. */
export class BinaryLane extends BatchLane {
  readonly pauseMs = 400;

  constructor(world: World, dice: Dice) {
    super(world, dice, 'binary');
  }

  protected talk(socket: WsClient): Promise<void> {
    const persist = this.client.persists();
    const messages = this.client.messages(this.client.dice.whole(2, 40), undefined, persist);
    return this.sendBatch(socket, messages, persist);
  }
}

/** Sends more to a slow agent than it can take. */
export class FloodLane extends BatchLane {
  readonly pauseMs = 4_000;

  constructor(world: World, dice: Dice) {
    super(world, dice, 'flood');
  }

  protected talk(socket: WsClient): Promise<void> {
    return this.sendBatch(socket, this.client.messages(100, SLOW), false);
  }
}
