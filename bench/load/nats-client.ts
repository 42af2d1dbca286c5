import { connect } from '@nats-io/transport-node';
import { SAMPLE_BODY } from '../harness/sample-message.js';
import { answerParent, keepUnderWay, type WindowResult, type WindowTimes } from './window.js';

/** Requests over NATS to a responder in another process, many under way on one connection. */
export interface NatsInput extends WindowTimes {
  readonly port: number;
  readonly inFlight: number;
}

await answerParent(async (input: NatsInput): Promise<WindowResult> => {
  const connection = await connect({ servers: `127.0.0.1:${input.port}` });
  const message = new TextEncoder().encode(SAMPLE_BODY);
  const result = await keepUnderWay(input, input.inFlight, (ended) => {
    void connection.request('echo', message, { timeout: 30_000 }).then((reply) => {
      if (reply.data.length !== message.length) throw new Error('the reply is not the message');
      ended();
    });
  });
  await connection.close();
  return result;
});
