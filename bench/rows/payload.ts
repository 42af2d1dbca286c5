import { sinkAgent } from '../harness/agents.js';
import { startBaseline } from '../harness/baseline.js';
import { CaxtonServer } from '../harness/caxton.js';
import type { Context } from '../harness/context.js';
import { messageOfContent } from '../harness/sample-message.js';
import { takeTurns } from '../harness/turns.js';
import { measureHttp } from '../load/measure-http.js';

const SINK = 'sink-0001';

/** Few enough connections for what is under way to fit into a mailbox of 8 MiB. */
const SIZES = [
  { name: '100b', contentBytes: 100, connections: 64 },
  { name: '1kb', contentBytes: 1_000, connections: 64 },
  { name: '10kb', contentBytes: 10_000, connections: 64 },
  { name: '100kb', contentBytes: 100_000, connections: 16 },
  { name: '1mb', contentBytes: 1_000_000, connections: 4 },
];
const SMOKE_SIZES = ['1kb', '100kb'];

/** Messages of different sizes to an agent that only consumes, beside the bare server. */
export async function run(context: Context): Promise<void> {
  const bare = await startBaseline('bare-http');
  const server = await CaxtonServer.start();
  try {
    await server.deploy(SINK, await sinkAgent());
    for (const { name, contentBytes, connections } of SIZES) {
      if (context.smoke && !SMOKE_SIZES.includes(name)) continue;
      const message = messageOfContent(SINK, contentBytes);
      const load = { message, connections, seconds: context.seconds(0.6) };
      const path = '/api/v1/messages';
      const rates = await takeTurns(context.rounds, {
        bare: () => measureHttp({ ...load, url: `http://127.0.0.1:${bare.port}${path}` }),
        ours: () => measureHttp({ ...load, url: server.url(path), server }),
      });
      context.report({
        name: `payload_${name}`,
        unit: 'requests/s',
        values: rates.ours,
        baselines: rates.bare,
        baselineIs: 'bare uWebSockets.js',
        note: `${connections} connections`,
      });
    }
  } finally {
    await server.stop();
    await bare.stop();
  }
}
