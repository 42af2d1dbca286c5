import type { ApiDriver, SendAnswer, WaitAnswer } from '../api/driver.js';
import { failureOf } from './rest-client.js';
import { restDriver } from './rest-driver.js';
import type { TestServer } from './server.js';
import { connect } from './ws-client.js';

/** Messages go over a WebSocket; what it has no frames for goes over REST. */
export async function wsDriver(server: TestServer, token?: string): Promise<ApiDriver> {
  const headers: Record<string, string> = token === undefined ? {} : { 'x-caxton-token': token };
  const client = await connect(server.wsUrl, headers);
  const rest = await restDriver(server, token);
  let lastId = 0;
  const send = async <T>(frame: object): Promise<T> => {
    lastId += 1;
    const answer = await client.ask({ type: 'send', id: lastId, ...frame });
    if (answer.type === 'error') throw failureOf(answer);
    const { type: _, id: __, ...fields } = answer;
    return fields as T;
  };
  return {
    ...rest,
    send: (message, options) => send<SendAnswer>({ message, options }),
    sendAndWait: (message, wait) => send<WaitAnswer>({ message, wait: true, ...wait }),
    close: () => client.close(),
  };
}
