import { sinkAgent } from '../harness/agents.js';
import { CaxtonServer } from '../harness/caxton.js';
import type { Context } from '../harness/context.js';
import { sampleMessage } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import { measureHttp } from '../load/measure-http.js';

const SINK = 'sink-0001';

/** What keeping a history costs a server that is sent messages over REST. */
export async function run(context: Context): Promise<void> {
  const on = await CaxtonServer.start();
  const off = await CaxtonServer.start({ env: { CAXTON_HISTORY__ENABLED: 'false' } });
  try {
    for (const server of [on, off]) await server.deploy(SINK, await sinkAgent());
    const send = (server: CaxtonServer) => () =>
      measureHttp({
        url: server.url('/api/v1/messages'),
        message: sampleMessage(SINK),
        connections: 64,
        seconds: context.seconds(2),
        server,
      });
    const rates = await takeTurns(context.rounds, { off: send(off), on: send(on) });
    context.report({
      name: 'history_cost',
      unit: 'requests/s',
      values: rates.on,
      baselines: rates.off,
      baselineIs: 'a server without history',
    });
  } finally {
    await on.stop();
    await off.stop();
  }
}
