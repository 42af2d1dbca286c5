import type { TestServer } from '../support/server.js';
import { connect, type WsClient } from '../support/ws-client.js';
import { GrpcTestClient } from '../transport/grpc/client.js';
import { protos } from './grpc-client.js';
import { ofMessage, toMessage } from './grpc-json.js';

export type Fields = Readonly<Record<string, unknown>>;

/** What a subscription delivers, in its order. */
export interface Subscription {
  readonly id: string;
  next(): Promise<Fields>;
  cancel(): Promise<void>;
}

/** Somebody who subscribes as printed, over one transport. */
export interface Subscriber {
  subscribe(frame: object): Promise<Subscription>;
  close(): Promise<void>;
}

/** The next that fits. What others have begun, such as an agent's stop, may still come before it. */
export async function nextOf(
  subscription: Subscription,
  fits: (event: Fields) => boolean,
): Promise<Fields> {
  for (;;) {
    const event = await subscription.next();
    if (fits(event)) return event;
  }
}

export async function webSocketSubscriber(server: TestServer): Promise<Subscriber> {
  const client = await connect(server.wsUrl);
  return {
    subscribe: async (frame) => {
      client.send(frame);
      const { subscription_id: id } = await client.takeType('subscribed');
      return webSocketSubscription(client, String(id));
    },
    close: () => client.close(),
  };
}

function webSocketSubscription(client: WsClient, id: string): Subscription {
  return {
    id,
    next: () => client.take(`one of ${id}`, (frame) => frame.subscription_id === id),
    cancel: async () => {
      client.send({ type: 'unsubscribe', subscription_id: id });
      await client.takeType('unsubscribed');
    },
  };
}

/** The same by EventService.Subscribe, which has a call for each subscription. */
export async function grpcSubscriber(server: TestServer): Promise<Subscriber> {
  const client = new GrpcTestClient(server.grpcAddress);
  const request = protos.lookupType('caxton.v1.SubscribeRequest');
  const event = protos.lookupType('caxton.v1.Event');
  return {
    subscribe: async ({ type: _, ...fields }: Fields) => {
      const stream = client.subscribe<Fields>(
        'EventService/Subscribe',
        toMessage(request, fields as object),
      );
      const next = async (): Promise<Fields> => {
        const [received] = await stream.take();
        const { body, ...envelope } = ofMessage(event, received!);
        return { ...(body as object | undefined), ...envelope };
      };
      const { subscription_id: id } = await next();
      return {
        id: String(id),
        next,
        cancel: async () => {
          stream.call.cancel();
          await stream.end();
        },
      };
    },
    close: async () => client.close(),
  };
}
