import { echoAgent, sinkAgent } from '../harness/agents.js';
import { startBaseline } from '../harness/baseline.js';
import { CaxtonServer } from '../harness/caxton.js';
import type { Context } from '../harness/context.js';
import { askingMessage, sampleMessage } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import { measureHttp } from '../load/measure-http.js';
import { UNDER_WAY } from '../load/under-way.js';

const SINK = 'sink-0001';
const ECHO = 'echo-0001';

/** The whole server over REST beside a bare uWebSockets.js handler, in turns. */
export async function run(context: Context): Promise<void> {
  const bare = await startBaseline('bare-http');
  const server = await CaxtonServer.start();
  try {
    await server.deploy(SINK, await sinkAgent());
    await server.deploy(ECHO, echoAgent());
    const load = { connections: UNDER_WAY.rest_connections, seconds: context.seconds(2) };
    const send = sampleMessage(SINK);
    const ours = (query: string, message: object) => () =>
      measureHttp({ ...load, url: server.url(`/api/v1/messages${query}`), message, server });
    const rates = await takeTurns(context.rounds, {
      bare: () =>
        measureHttp({
          ...load,
          url: `http://127.0.0.1:${bare.port}/api/v1/messages`,
          message: send,
        }),
      rest_send: ours('', send),
      rest_wait: ours('?wait=true', askingMessage(ECHO)),
      rest_persist: ours('', { ...send, options: { persist: true } }),
    });
    const { bare: baselines, ...measured } = rates;
    for (const [name, values] of Object.entries(measured)) {
      context.report({
        name,
        unit: 'requests/s',
        values,
        baselines,
        baselineIs: 'bare uWebSockets.js',
      });
    }
  } finally {
    await server.stop();
    await bare.stop();
  }
}
