import type { SendAnswer } from '../../api/driver.js';
import { ApiFailure } from '../../api/driver.js';
import type { Dice } from '../../faults/load.js';
import { GrpcTestClient } from '../../transport/grpc/client.js';
import { plainStruct } from '../../transport/grpc/json-values.js';
import type { Outgoing } from '../account.js';
import type { Lane, World } from '../world.js';
import { Correspondent } from './correspondent.js';

interface GrpcError {
  readonly code: string;
  readonly message: string;
}

interface Refused {
  /** Absent for the first. */
  readonly index?: number;
  readonly error: GrpcError;
}

interface ConverseAnswer {
  /** Absent for the first. */
  readonly index?: number;
  readonly ack?: SendAnswer;
  readonly error?: GrpcError;
}

const failure = ({ code, message }: GrpcError) => new ApiFailure(code, message, {}, '');

/** Sends by each of the ways that gRPC has, over a channel of its own for each server. */
export class GrpcLane implements Lane {
  readonly pauseMs = 120;
  readonly #client: Correspondent;
  #channel: { readonly epoch: number; readonly client: GrpcTestClient } | undefined;

  constructor(world: World, dice: Dice) {
    this.#client = new Correspondent(world, dice, 'grpc');
  }

  async step(): Promise<void> {
    const ways = [
      () => this.#unary('SendMessage'),
      () => this.#unary('SendMessageAndWait'),
      () => this.#stream(),
      () => this.#converse(),
    ];
    await this.#client.dice.pick(ways)();
  }

  async rest(): Promise<void> {
    this.#channel?.client.close();
  }

  get #grpc(): GrpcTestClient {
    const { epoch, grpcAddress } = this.#client.world.server;
    if (this.#channel?.epoch !== epoch) {
      this.#channel?.client.close();
      this.#channel = { epoch, client: new GrpcTestClient(grpcAddress) };
    }
    return this.#channel.client;
  }

  #unary(method: string): Promise<void> {
    const persist = this.#client.persists();
    const message = this.#client.message(undefined, persist);
    return this.#client.send(message, () =>
      this.#grpc.call<SendAnswer>(`MessageService/${method}`, {
        message: inProto(message),
        options: { persist },
      }),
    );
  }

  async #stream(): Promise<void> {
    const messages = this.#client.messages(this.#client.dice.whole(1, 20));
    await this.#client.exchange(async () => {
      const { errors = [] } = await this.#grpc.sendAll<{ errors?: readonly Refused[] }>(
        'MessageService/SendMessages',
        messages.map((message) => ({ message: inProto(message) })),
      );
      const refused = new Map(errors.map(({ index = 0, error }) => [index, error]));
      messages.forEach((message, index) => {
        const error = refused.get(index);
        if (error === undefined) this.#client.accept(message);
        else this.#client.fail(message, failure(error));
      });
    });
  }

  async #converse(): Promise<void> {
    const messages = this.#client.messages(this.#client.dice.whole(1, 10));
    await this.#client.exchange(async () => {
      const { call, answers } = this.#grpc.converse<ConverseAnswer>('MessageService/Converse');
      for (const message of messages) call.write({ message: inProto(message) });
      call.end();
      for (const { index = 0, ack, error } of await answers.take(messages.length)) {
        const message = messages[index] as Outgoing;
        if (error) this.#client.fail(message, failure(error));
        else this.#client.accept(message, ack?.message_id);
      }
      await answers.end();
    });
  }
}

function inProto(message: Outgoing): object {
  return { ...message, content: plainStruct(message.content) };
}
