import type { CaxtonServer } from '../harness/caxton.js';
import { applyHttpLoad } from './http-load.js';

export interface HttpMeasurement {
  readonly url: string;
  readonly message: object | readonly object[];
  readonly connections: number;
  readonly seconds: number;
  /** Where given, its agents must have handled each message that was answered. */
  readonly server?: CaxtonServer;
}

/** Answers of success in a second. Refusals, as by a full mailbox, don't count and are told of. */
export async function measureHttp(measurement: HttpMeasurement): Promise<number> {
  const { url, message, connections, seconds, server } = measurement;
  const bodies = [message].flat().map((each) => JSON.stringify(each));
  let perSecond = 0;
  const load = async (): Promise<number> => {
    const result = await applyHttpLoad({ url, bodies, connections, seconds });
    if (result.refused > 0) process.stderr.write(`${url} refused ${result.refused} requests\n`);
    perSecond = result.perSecond;
    return result.succeeded;
  };
  if (server === undefined) await load();
  // A closed loop may end with one request under way on each connection.
  else await server.verified(load, connections);
  return perSecond;
}
