import type { Dice } from '../../faults/load.js';
import { RawHttp } from '../../support/raw-http.js';
import { failureOf, request } from '../../support/rest-client.js';
import { connect, type WsClient } from '../../support/ws-client.js';
import { type AnswerStream, GrpcTestClient } from '../../transport/grpc/client.js';
import { attempt, type Lane, tally, type World } from '../world.js';
import { Correspondent } from './correspondent.js';

/** Asks for what there is to see. */
export class ViewLane implements Lane {
  readonly pauseMs = 200;
  readonly #world: World;
  readonly #dice: Dice;

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  async step(): Promise<void> {
    const round = this.#world.round;
    const path = this.#dice.pick([
      '/api/v1/messages?limit=100&order=desc',
      `/api/v1/messages?sender=rest-${round}&performative=request`,
      '/api/v1/messages?agent=echo&limit=20',
      `/api/v1/messages?since=${new Date(Date.now() - 5_000).toISOString()}`,
      '/api/v1/dead-letters?limit=50',
      '/api/v1/agents?limit=100',
      '/api/v1/agents/rolled',
      '/api/v1/agents/echo/logs',
      '/api/v1/capabilities',
      '/api/v1/deployments?limit=20',
      '/api/v1/tasks?limit=20',
      '/api/v1/metrics/system',
      '/api/v1/metrics/agents/counter?period=5m',
      '/api/v1/status',
      '/metrics',
      '/openapi.json',
    ]);
    await attempt(this.#world, 'views', 'view', async () => {
      const answer = await request(`${this.#world.server.url}${path}`, 'GET');
      if (answer.status !== 200) throw failureOf(answer.body);
    });
  }

  async rest(): Promise<void> {}
}

interface Subscriber {
  stop(politely: boolean): Promise<void>;
}

/** Subscribers by WebSocket and gRPC that come and go, some of them slow readers. */
export class SubscriberLane implements Lane {
  readonly pauseMs = 700;
  readonly #world: World;
  readonly #dice: Dice;
  readonly #here: Array<Subscriber & { readonly epoch: number }> = [];

  constructor(world: World, dice: Dice) {
    this.#world = world;
    this.#dice = dice;
  }

  async step(): Promise<void> {
    const { epoch } = this.#world.server;
    const leaving = this.#here.length > 5 ? this.#here.shift() : undefined;
    if (leaving !== undefined) {
      const politely = leaving.epoch === epoch && this.#dice.whole(0, 1) === 0;
      await attempt(this.#world, 'subscribers gone', 'view', () => leaving.stop(politely));
    }
    const open = this.#dice.pick([
      () => this.#socket(false),
      () => this.#socket(true),
      () => this.#stream(),
    ]);
    const subscriber = await attempt(this.#world, 'subscribers', 'view', open);
    if (subscriber !== undefined) this.#here.push({ ...subscriber, epoch });
  }

  async rest(): Promise<void> {
    for (const subscriber of this.#here) await subscriber.stop(false);
  }

  #wish(): object {
    return this.#dice.pick<object>([
      { filter: {} },
      { filter: { agents: ['echo', 'rolled'], performatives: ['inform'] } },
      { events: ['*'] },
      { events: ['deployment.*', 'agent.*'] },
      { filter: {}, events: ['*'], on_overflow: this.#dice.pick(['drop', 'close']) },
    ]);
  }

  async #socket(slow: boolean): Promise<Subscriber> {
    const client: WsClient = await connect(this.#world.server.wsUrl);
    const answer = await client.ask({ type: 'subscribe', id: 1, ...this.#wish() });
    if (answer.type === 'error') throw failureOf(answer);
    // What is read is not looked at; of a slow one nothing more is read.
    const forget = setInterval(() => client.received.splice(0), 200);
    if (slow) client.socket.pause();
    return {
      stop: async (politely) => {
        clearInterval(forget);
        client.socket.resume();
        if (politely) await client.close();
        else client.socket.terminate();
      },
    };
  }

  async #stream(): Promise<Subscriber> {
    const client = new GrpcTestClient(this.#world.server.grpcAddress);
    const stream: AnswerStream<object> = client.subscribe('EventService/Subscribe', this.#wish());
    await stream.take();
    const forget = setInterval(() => stream.received.splice(0), 200);
    return {
      stop: async () => {
        clearInterval(forget);
        stream.call.cancel();
        client.close();
      },
    };
  }
}

/** Clients that vanish in the middle of what they say, or before they hear the answer. */
export class VanishingLane implements Lane {
  readonly pauseMs = 300;
  readonly #client: Correspondent;

  constructor(world: World, dice: Dice) {
    this.#client = new Correspondent(world, dice, 'vanishing');
  }

  async step(): Promise<void> {
    const { dice, world } = this.#client;
    await this.#client.exchange(async () => {
      await dice.pick([() => this.#midRequest(), () => this.#midAnswer()])();
      tally(world, 'clients vanished');
    });
  }

  async rest(): Promise<void> {}

  async #midRequest(): Promise<void> {
    const { dice, world } = this.#client;
    const body = JSON.stringify(this.#client.message('echo'));
    const http = await RawHttp.connect(world.server.url);
    const path = dice.pick(['/api/v1/messages', '/api/v1/messages?wait=true']);
    const head = `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;
    const text = `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
    await new Promise<void>((resolve) => {
      http.socket.write(text.slice(0, dice.whole(1, text.length)), () => resolve());
    });
    http.close();
  }

  async #midAnswer(): Promise<void> {
    const socket = await connect(this.#client.world.server.wsUrl);
    for (const message of this.#client.messages(5, 'echo')) {
      socket.send({ type: 'send', id: 1, wait: true, message });
    }
    socket.socket.terminate();
  }
}
